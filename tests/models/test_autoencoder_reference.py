"""The autoencoder against the paper's implementation, step by step."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import ScalarCodebookQuantizer
from keras_qlae.models import Autoencoder
from keras_qlae.networks import image_decoder
from keras_qlae.networks import image_encoder
from keras_qlae.networks import style_image_decoder
from keras_qlae.optimizers import RegularizedAdamW
from tests.compiled import compiled
from tests.gradients import gradients_of
from tests.reference_values import parameters_by_name

REFERENCE = Path(__file__).parents[1] / "reference"


def qlae_style():
    latent = ScalarCodebookQuantizer(5, [4, 5, 6, 7, 8], name="latent")
    return (
        image_encoder(
            (16, 16, 3), 5, blocks=[(6, 3, 1), (8, 4, 2)], dense_units=[10]
        ),
        latent,
        style_image_decoder(
            5,
            (16, 16, 3),
            blocks=[(8, 3, 1), (6, 4, 2)],
            dense_units=[9],
            map_channels=8,
        ),
        RegularizedAdamW(1e-3, weight_decay=0.1, clip=1.0),
    )


def qlae_image_clip():
    latent = ScalarCodebookQuantizer(3, [3, 3, 3], name="latent")
    return (
        image_encoder(
            (16, 16, 1), 3, blocks=[(5, 4, 2), (7, 4, 2)], dense_units=[12, 9]
        ),
        latent,
        image_decoder(
            3, (16, 16, 1), blocks=[(7, 4, 2), (5, 4, 2)], dense_units=[11]
        ),
        RegularizedAdamW(3e-3, weight_decay=0.5, clip=1e-4),
    )


@pytest.fixture(params=[qlae_style, qlae_image_clip], ids=lambda f: f.__name__)
def reference(request, float64):
    """The reference values, and a model that starts from them."""
    values = np.load(REFERENCE / f"{request.param.__name__}.npz")
    encoder, latent, decoder, optimizer = request.param()
    model = Autoencoder(encoder, latent, decoder)
    model.compile(optimizer)
    parameters = parameters_by_name(model)
    initial = {k[5:]: values[k] for k in values.files if k.startswith("init/")}
    assert set(parameters) == set(initial)
    for name, parameter in parameters.items():
        parameter.assign(initial[name])
    return values, model, parameters


def test_first_forward_pass(reference):
    values, model, _ = reference
    x = values["x/0"].astype("float64")
    np.testing.assert_allclose(
        model.encode(x), values["out/pre_z"], atol=1e-7, rtol=0
    )
    np.testing.assert_array_equal(model.codes(x), values["out/z_indices"])
    quantized = ops.convert_to_numpy(model.latent(model.encode(x)))
    np.testing.assert_allclose(
        quantized, values["out/z_quantized"], atol=1e-7, rtol=0
    )
    call = compiled(model, model.variables)
    logits = ops.convert_to_numpy(call(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(logits, values["out/logits"], atol=1e-7, rtol=0)


def test_first_gradients(reference):
    values, model, parameters = reference
    x = ops.convert_to_tensor(values["x/0"], "float64")

    def loss():
        return model.compute_losses(x)["loss"]

    gradients = gradients_of(loss, model)
    checked = 0
    for name, parameter in parameters.items():
        expected = values[f"grad/{name}"]
        actual = parameter.take(gradients)
        scale = np.abs(expected).max()
        assert np.abs(actual - expected).max() <= 1e-6 * scale, name
        checked += 1
    assert checked == sum(k.startswith("grad/") for k in values.files)


def test_every_step(reference):
    values, model, parameters = reference
    for step in range(4):
        x = values[f"x/{step}"].astype("float64")
        model.reset_metrics()
        logs = model.train_on_batch(x, return_dict=True)
        expected = {
            "loss": "loss",
            "reconstruction_loss": "binary_cross_entropy_loss",
            "quantization_loss": "quantization_loss",
            "commitment_loss": "commitment_loss",
        }
        for ours, theirs in expected.items():
            difference = float(logs[ours]) - values[f"metric/{step}/{theirs}"]
            assert abs(difference) <= 1e-9, (step, ours, logs)
        for name, parameter in parameters.items():
            np.testing.assert_allclose(
                parameter.value(),
                values[f"step{step + 1}/{name}"],
                atol=1e-7,
                rtol=0,
                err_msg=f"{name} after step {step + 1}",
            )
    assert keras.config.floatx() == "float64"
