"""Tripod's losses and training against its authors', step by step."""

import re
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import FiniteScalarQuantizer
from keras_qlae.models import Autoencoder
from keras_qlae.optimizers import RegularizedAdamW
from keras_qlae.penalties import HessianPenalty
from keras_qlae.penalties import KernelTotalCorrelation
from tests.compiled import compiled
from tests.gradients import gradients_of
from tests.networks.test_residual import decoder
from tests.networks.test_residual import encoder
from tests.networks.test_residual import reference_name
from tests.penalties.passes import forward_pass
from tests.penalties.passes import numpy

REFERENCE = Path(__file__).parents[1] / "reference" / "tripod.npz"
TAPS = ["cond", "block0", "block1"]
# Biases before a normalization: their gradients are 0 but for rounding.
CENTERED_AWAY = re.compile(r"/block\d/conv/bias$")
KINDS = ("rademacher", "normal")


class Repeated(HessianPenalty):
    """With the reference's directions, those of the step in `given`.

    A step that is compiled once finds its own by what the optimizer counts.
    """

    given = optimizer = None

    def draw(self, batch_size, latent, seed):
        step = ops.convert_to_tensor(self.optimizer.iterations)
        return {
            kind: ops.take(ops.convert_to_tensor(steps), step, axis=0)
            for kind, steps in self.given.items()
        }


def directions(values, step):
    return {kind: values[f"step{step}/{kind}"] for kind in KINDS}


@pytest.fixture
def reference(float64):
    """The reference values, and a model that starts from them."""
    values = np.load(REFERENCE)
    model = Autoencoder(
        encoder(),
        FiniteScalarQuantizer(4, 12),
        decoder(),
        penalties=[
            KernelTotalCorrelation(1e-2),
            Repeated(1e-1, taps=TAPS, name="hessian_penalty"),
        ],
    )
    model.compile(
        # The authors clip all gradients, those of biases too.
        RegularizedAdamW(1e-3, weight_decay=0.0, clip=1.0, unregularized=()),
    )
    model.penalties[1].optimizer = model.optimizer
    model.penalties[1].given = {
        kind: np.stack([directions(values, step)[kind] for step in range(3)])
        for kind in KINDS
    }
    variables = {
        f"{part}/{reference_name(variable, 3)}": variable
        for part in ("encoder", "decoder")
        for variable in getattr(model, part).trainable_variables
    }
    initial = {k[5:] for k in values if k.startswith("init/")}
    assert set(variables) == initial
    for name, variable in variables.items():
        variable.assign(values[f"init/{name}"])
    return values, model, variables


def images(values, step):
    return ops.convert_to_tensor(values[f"x/{step}"].astype("float64"))


def penalties_of_examples(model):
    """KLM, the Hessian penalty without and with its denominator.

    A function of images and directions.
    """

    def compute(x, noise):
        encoded = model.encoder(x, training=True)
        forward = forward_pass(model.latent, encoded, model.decoder, TAPS)
        plain = HessianPenalty(normalized=False, taps=TAPS)
        return (
            KernelTotalCorrelation().compute(forward, None),
            plain.compute(forward, noise),
            HessianPenalty(taps=TAPS).compute(forward, noise),
        )

    return compiled(compute, model.variables)


def assert_penalties(values, penalties, step):
    found = penalties(images(values, step), directions(values, step))
    names = (
        "latent_multiinformation",
        "hessian_penalty",
        "hessian_penalty_normalized",
    )
    for name, actual in zip(names, map(numpy, found), strict=True):
        # Where both directions of signs are the same but for a factor of -1,
        # a second difference is 0 up to its rounding.
        np.testing.assert_allclose(
            actual,
            values[f"log/{step}/loss/{name}"],
            rtol=1e-8,
            atol=1e-15,
            err_msg=f"{name} at step {step}",
        )


@pytest.mark.slow_on("jax")
def test_first_step(reference):
    """Forward pass, penalties of each example and gradients."""
    values, model, variables = reference
    x = images(values, 0)

    def forward(x):
        encoded = model.encoder(x, training=True)
        return model.latent.scalars(encoded), model.latent(encoded), model(x)

    outputs = compiled(forward, model.variables)(x)
    for name, output in zip(("z_c", "z_q", "logits"), outputs, strict=True):
        np.testing.assert_allclose(
            numpy(output), values[f"out/{name}"], rtol=0, atol=1e-9
        )
    assert_penalties(values, penalties_of_examples(model), 0)

    def loss():
        noise = {"hessian_penalty": directions(values, 0)}
        return model.compute_losses(x, noise=noise)["loss"]

    gradients = gradients_of(loss, model)
    for name, variable in variables.items():
        expected = values[f"grad/{name}"]
        actual = gradients[id(variable)]
        if CENTERED_AWAY.search(name):
            np.testing.assert_allclose(actual, 0, atol=1e-10, err_msg=name)
            np.testing.assert_allclose(expected, 0, atol=1e-10)
        else:
            error = np.abs(actual - expected).max()
            assert error <= 1e-6 * np.abs(expected).max(), name
    assert len(variables) == sum(k.startswith("grad/") for k in values)


@pytest.mark.slow
def test_every_step(reference):
    values, model, variables = reference
    penalties = penalties_of_examples(model)
    for step in range(3):
        assert_penalties(values, penalties, step)
        model.reset_metrics()
        logs = model.train_on_batch(
            values[f"x/{step}"].astype("float64"), return_dict=True
        )
        expected = {
            "loss": "total",
            "reconstruction_loss": "reconstruct",
            "kernel_total_correlation": "latent_multiinformation",
            "hessian_penalty": "hessian_penalty_normalized",
        }
        for ours, theirs in expected.items():
            mean = values[f"log/{step}/loss/{theirs}"].mean()
            assert float(logs[ours]) == pytest.approx(mean, rel=1e-8), ours
        for name, variable in variables.items():
            # Adam turns the rounding of a gradient that is 0 into a move;
            # backends differ in it, and the normalization takes it away.
            atol = 1e-4 if CENTERED_AWAY.search(name) else 1e-7
            np.testing.assert_allclose(
                numpy(variable.value),
                values[f"step{step + 1}/{name}"],
                rtol=0,
                atol=atol,
                err_msg=f"{name} after step {step + 1}",
            )
