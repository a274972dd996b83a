"""What every public penalty must do, in a model; one table for all.

A public name that is missing from the table fails the suite.
"""

import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from keras_qlae import penalties
from tests.cases import slow_on
from tests.gradients import gradients_of
from tests.models.small import float_images
from tests.models.small import small_autoencoder

TAPS = ["style0"]
CASES = {
    "DIPCovariance": lambda **kw: penalties.DIPCovariance(
        diagonal_weight=0.5, variant="II", **kw
    ),
    "HausdorffFactorizedSupport": lambda **kw: (
        penalties.HausdorffFactorizedSupport(
            num_pairs=2, num_combinations=3, scale_weight=0.1, **kw
        )
    ),
    "HessianPenalty": lambda **kw: penalties.HessianPenalty(
        taps=TAPS, num_draws=3, epsilon=0.2, **kw
    ),
    "KernelTotalCorrelation": lambda **kw: penalties.KernelTotalCorrelation(
        marginal_bandwidth="silverman", **kw
    ),
}
READS_DECODER = {"HessianPenalty"}

each_case = pytest.mark.parametrize("name", CASES)


def gaussian_model(name, **kwargs):
    """With a latent that every penalty takes."""
    return small_autoencoder(
        layers.GaussianLatent(3, 64, seed=3), penalties=[CASES[name](**kwargs)]
    )


def test_every_public_penalty_is_in_the_table():
    assert set(penalties.__all__) == {*CASES, "ForwardPass", "Penalty"}


@each_case
def test_config_survives_json(name):
    penalty = CASES[name](weight=3.0, name="some")
    config = keras.saving.serialize_keras_object(penalty)
    config = json.loads(json.dumps(config))
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is getattr(penalties, name)
    assert copy.get_config() == penalty.get_config()
    assert copy.weight == 3


@each_case
def test_the_variables_that_it_trains(name):
    """The encoder always, the decoder up to the taps if it reads it."""
    model = gaussian_model(name)
    images = ops.convert_to_tensor(float_images(6))
    logged = model.penalties[0].name
    gradients = gradients_of(
        lambda: model.compute_losses(images)[logged], model
    )
    found = {k: g for k, g in gradients.items() if g is not None}
    assert all(np.all(np.isfinite(g)) for g in found.values())
    moved = {k for k, g in found.items() if np.any(g)}

    def variables(part):
        return {id(v) for v in part.trainable_variables}

    assert variables(model.encoder) <= moved
    if name in READS_DECODER:
        assert variables(model.decoder.get_layer("dense0")) <= moved
        assert not moved & variables(model.decoder.get_layer("conv_out"))
    else:
        assert not moved & variables(model.decoder)


@pytest.mark.parametrize(
    "name",
    [
        "HessianPenalty",
        *slow_on("tensorflow", "jax")(*sorted(set(CASES) - {"HessianPenalty"})),
    ],
)
def test_training_after_loading_equals_uninterrupted_training(name, tmp_path):
    def fit(model, epochs):
        images = float_images(8)
        model.fit(images, batch_size=4, epochs=epochs, shuffle=False, verbose=0)

    whole, first = gaussian_model(name), gaussian_model(name)
    fit(whole, 2)
    fit(first, 1)
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    fit(second, 1)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.all(np.isfinite(a))


@each_case
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_is_a_number_of_full_precision_with_a_mixed_encoder(name, policy):
    size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
    latent = layers.GaussianLatent(3, 64, seed=3)
    penalty = CASES[name]()
    model = models.Autoencoder(
        networks.image_encoder((8, 8, 1), 6, dtype=policy, **size),
        latent,
        networks.style_image_decoder(3, (8, 8, 1), dtype="float32", **size),
        penalties=[penalty],
    )
    images = ops.convert_to_tensor(float_images(6))
    value = model.compute_losses(images)[penalty.name]
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert np.isfinite(ops.convert_to_numpy(value))
