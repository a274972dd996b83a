"""A saved autoencoder is the same one, and trains on as if never saved."""

import keras
import numpy as np
import pytest

from keras_qlae.layers import ContinuousLatent
from keras_qlae.models import Autoencoder
from tests.models.small import float_images
from tests.models.small import small_autoencoder


def fit(model, epochs):
    model.fit(
        float_images(6), batch_size=3, epochs=epochs, shuffle=False, verbose=0
    )


@pytest.fixture
def saved(tmp_path):
    model = small_autoencoder()
    fit(model, 1)
    model.save(tmp_path / "model.keras")
    return model, keras.saving.load_model(tmp_path / "model.keras")


def test_every_method_gives_the_same(saved):
    model, loaded = saved
    assert type(loaded) is Autoencoder
    images = float_images(5, seed=1)
    for method in ("encode", "codes", "reconstruct", "predict_on_batch"):
        np.testing.assert_array_equal(
            getattr(loaded, method)(images), getattr(model, method)(images)
        )
    for a, b in zip(
        loaded.latent.codebooks, model.latent.codebooks, strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_resumed_training_equals_uninterrupted_training(saved):
    """Bit for bit: weights and the state of the optimizer."""
    _, loaded = saved
    fit(loaded, 2)
    whole = small_autoencoder()
    fit(whole, 3)
    assert int(loaded.optimizer.iterations) == 6
    for a, b in zip(whole.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_samples_go_on_too(tmp_path):
    """Random state is saved by its owner: Keras does not."""
    model = small_autoencoder()
    model.sample(4)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    expected = model.sample(30)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    # Of other codes the images differ by more than 1e-3.
    np.testing.assert_allclose(loaded.sample(30), expected, atol=1e-6)
    other = small_autoencoder()
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(other.sample(30), expected, atol=1e-6)


def test_with_a_latent_that_has_no_variables(tmp_path):
    model = small_autoencoder(ContinuousLatent(3))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    images = float_images(5)
    np.testing.assert_array_equal(loaded.codes(images), model.codes(images))
