"""The InfoGAN against the paper's implementation, step by step."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops

from keras_qlae import backend
from keras_qlae.layers import ScalarCodebookQuantizer
from keras_qlae.models import InfoWGANGP
from keras_qlae.networks import image_trunk
from keras_qlae.networks import style_image_decoder
from keras_qlae.optimizers import RegularizedAdamW
from tests.compiled import compiled
from tests.reference_values import gan_parameters_by_name

REFERENCE = Path(__file__).parents[1] / "reference" / "qlgan.npz"
CRITIC_LOSSES = {
    "critic_loss": "encoder_loss",
    "value_loss": "value_loss",
    "gradient_loss": "gradient_loss",
    "latent_loss": "latent_loss",
    "quantization_loss": "quantization_loss",
    "commitment_loss": "commitment_loss",
}
GENERATOR_LOSSES = {
    "generator_loss": "generator_loss",
    "latent_loss": "latent_loss",
}


@pytest.fixture
def reference(float64):
    """The reference values, and a model that starts from them."""
    values = np.load(REFERENCE)
    latent = ScalarCodebookQuantizer(3, [4, 5, 6], name="latent")
    model = InfoWGANGP(
        style_image_decoder(
            3,
            (16, 16, 3),
            blocks=[(8, 3, 1), (6, 4, 2)],
            dense_units=[9],
            map_channels=8,
            name="generator",
        ),
        image_trunk(
            (16, 16, 3), 3, blocks=[(6, 3, 1), (8, 4, 2)], dense_units=[10]
        ),
        latent,
        generator_period=2,
    )
    optimizers = [
        RegularizedAdamW(
            2e-4, weight_decay=0.1, clip=1.0, beta_1=0.0, beta_2=0.9
        )
        for _ in range(2)
    ]
    model.compile(*optimizers)
    parameters = gan_parameters_by_name(model)
    initial = {k[5:]: values[k] for k in values.files if k.startswith("init/")}
    assert set(parameters) == set(initial)
    for name, parameter in parameters.items():
        parameter.assign(initial[name])
    return values, model, parameters


def state_of(model):
    return [
        *model.trainable_variables,
        *model.non_trainable_variables,
        *model.optimizer.variables,
        *model.metrics_variables,
    ]


def critic_step(model):
    """A step, as a function of images, indices of latents, and epsilon."""

    def compute(x, indices, epsilon):
        z = model.latent.values(indices)
        losses = model.critic_losses(x, z, epsilon)
        return losses["critic_loss"], losses

    return step(model, compute, model.critic_variables, model.optimizer.critic)


def generator_step(model):
    """A step, as a function of indices of latents."""

    def compute(indices):
        losses = model.generator_losses(model.latent.values(indices))
        return losses["generator_loss"], losses

    variables = model.generator_variables
    return step(model, compute, variables, model.optimizer.generator)


def step(model, compute, variables, optimizer):
    def update(*arrays):
        _, losses, gradients = backend.value_and_gradients(
            lambda: compute(*arrays), variables, state_of(model)
        )
        backend.apply_gradients(optimizer, gradients, variables)
        return losses, gradients

    update = compiled(update, state_of(model))

    def call(*arrays):
        losses, gradients = update(*map(ops.convert_to_tensor, arrays))
        by_variable = {
            id(v): np.asarray(ops.convert_to_numpy(g))
            for v, g in zip(variables, gradients, strict=True)
        }
        return losses, by_variable

    return call


def assert_losses(losses, values, prefix, names):
    for ours, theirs in names.items():
        difference = float(losses[ours]) - values[f"{prefix}/{theirs}"]
        assert abs(difference) <= 1e-8, (prefix, ours, float(losses[ours]))


def assert_gradients(gradients, values, prefix, parameters):
    checked = [k for k in values.files if k.startswith(prefix)]
    assert checked
    for key in checked:
        expected = values[key]
        actual = parameters[key.removeprefix(prefix)].take(gradients)
        scale = np.abs(expected).max()
        assert np.abs(actual - expected).max() <= 1e-6 * scale, key


def test_every_step(reference):
    values, model, parameters = reference
    update_critic, update_generator = critic_step(model), generator_step(model)
    for t in range(4):
        losses, gradients = update_critic(
            values[f"x/{t}"].astype("float64"),
            values[f"critic_step/{t}/z_indices"],
            values[f"critic_step/{t}/epsilon"],
        )
        assert_losses(losses, values, f"critic_step/{t}", CRITIC_LOSSES)
        if t == 0:
            assert_gradients(gradients, values, "critic_grad/", parameters)
        if t % 2:
            losses, gradients = update_generator(
                values[f"generator_step/{t}/z_indices"]
            )
            prefix = f"generator_step/{t}"
            assert_losses(losses, values, prefix, GENERATOR_LOSSES)
            prefix = f"generator_grad/{t}/"
            assert_gradients(gradients, values, prefix, parameters)
        for name, parameter in parameters.items():
            np.testing.assert_allclose(
                parameter.value(),
                values[f"step{t + 1}/{name}"],
                atol=1e-7,
                rtol=0,
                err_msg=f"{name} after step {t + 1}",
            )
