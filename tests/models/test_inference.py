"""encode, codes, decode, decode_codes, reconstruct and sample."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import ContinuousLatent
from tests.models.small import SHAPE
from tests.models.small import float_images
from tests.models.small import integer_images
from tests.models.small import small_autoencoder


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def sigmoid(logits):
    return 1 / (1 + np.exp(-numpy(logits).astype("float64")))


@pytest.fixture
def model():
    return small_autoencoder()


def test_each_step_follows_from_the_one_before(model):
    images = integer_images(7)
    latents = model.encode(images)
    expected = numpy(model.encoder(float_images(7)))
    np.testing.assert_allclose(latents, expected, atol=1e-6)
    codes = model.codes(images)
    assert codes.dtype == "int32"
    np.testing.assert_array_equal(codes, numpy(model.latent.codes(latents)))
    values = model.latent.values(codes)
    expected = sigmoid(model.decoder(values))
    for decoded in (
        model.decode(values),
        model.decode_codes(codes),
        model.decode_codes(codes.tolist()),
        model.reconstruct(images),
        sigmoid(model(float_images(7))),
    ):
        np.testing.assert_allclose(decoded, expected, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_the_batch_size_changes_nothing(model, batch_size):
    images = float_images(7)
    codes = np.array([[0, 2, 3], [1, 0, 0], [1, 1, 1]])
    for method, inputs in [
        (model.encode, images),
        (model.codes, images),
        (model.reconstruct, images),
        (model.decode_codes, codes),
    ]:
        np.testing.assert_allclose(
            method(inputs, batch_size=batch_size),
            method(inputs),
            rtol=0,
            atol=1e-6,
        )


def test_distances_to_codebooks_are_those_of_a_batch(model, monkeypatch):
    """Of 10,000 images and a codebook of a million they took 40 GB."""
    seen = []
    codes = type(model.latent).codes

    def spy(self, encoded):
        seen.append(len(encoded))
        return codes(self, encoded)

    monkeypatch.setattr(type(model.latent), "codes", spy)
    model.codes(float_images(7), batch_size=3)
    assert seen == [3, 3, 1]


def test_no_images_give_no_results(model):
    none = np.zeros((0, *SHAPE), "uint8")
    assert model.encode(none).shape == (0, 3)
    codes = model.codes(none)
    assert codes.shape == (0, 3)
    assert codes.dtype == "int32"
    assert model.reconstruct(none).shape == (0, *SHAPE)
    assert model.decode(np.zeros((0, 3))).shape == (0, *SHAPE)
    assert model.decode_codes(codes).shape == (0, *SHAPE)
    assert model.sample(0).shape == (0, *SHAPE)


def test_latents_of_integers_are_not_taken_for_pixels(model):
    """Only images are divided by 255."""
    np.testing.assert_array_equal(
        model.decode(np.array([[1, 0, -1]])),
        model.decode(np.array([[1.0, 0.0, -1.0]])),
    )


class TestSample:
    def test_decodes_codes_of_the_prior(self, model):
        codes = numpy(model.latent.sample_codes(9, seed=5))
        np.testing.assert_allclose(
            model.sample(9, seed=5), model.decode_codes(codes), atol=1e-6
        )

    def test_continues_without_a_seed_and_repeats_with_one(self, model):
        first, second = model.sample(20), model.sample(20)
        assert np.any(first != second)
        np.testing.assert_array_equal(
            model.sample(20, seed=1), model.sample(20, seed=1)
        )
        again = small_autoencoder()
        np.testing.assert_array_equal(again.sample(20), first)

    def test_needs_a_prior(self):
        model = small_autoencoder(ContinuousLatent(3))
        with pytest.raises(ValueError, match="has no prior"):
            model.sample(4)


def test_codes_of_a_continuous_latent_are_its_inputs():
    model = small_autoencoder(ContinuousLatent(3))
    images = float_images(5)
    codes = model.codes(images)
    np.testing.assert_array_equal(codes, model.encode(images))
    np.testing.assert_array_equal(
        model.decode_codes(codes), model.reconstruct(images)
    )


def test_in_a_callback_at_the_end_of_an_epoch():
    """JAX then keeps the variables elsewhere until they are read."""
    images = integer_images(8)

    class Codes(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.latents = []

        def on_epoch_end(self, epoch, logs=None):
            self.latents.append(self.model.encode(images))
            self.model.codes(images)
            self.model.sample(2)

    recorded = []
    for epochs in (1, 2):
        model, callback = small_autoencoder(), Codes()
        model.fit(
            images,
            epochs=epochs,
            callbacks=[callback],
            shuffle=False,
            verbose=0,
        )
        recorded.append(callback.latents)
        np.testing.assert_array_equal(
            callback.latents[-1], model.encode(images)
        )
    # Looking does not change training.
    np.testing.assert_array_equal(recorded[0][0], recorded[1][0])
    assert np.any(recorded[1][0] != recorded[1][1])


@pytest.mark.parametrize("method", ["encode", "codes", "reconstruct"])
def test_errors(model, method):
    call = getattr(model, method)
    with pytest.raises(ValueError, match=r"\(batch, 8, 8, 1\).*\(2, 8, 8, 3\)"):
        call(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]: divide by 255"):
        call(np.full((2, *SHAPE), 200.0))
    with pytest.raises(ValueError, match="`batch_size` must be a positive"):
        call(float_images(2), batch_size=0)


def test_psnr_is_that_of_the_reconstructions(model):
    """For integers and floats, those a resize has pushed out of range too."""
    images = integer_images(1003)
    error = (images / 255 - model.reconstruct(images)) ** 2
    expected = -10 * np.log10(error.mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(model.psnr(images), expected, rtol=1e-6)
    floats = float_images(5)
    floats[0, 0, 0, 0] = 1.0005
    assert model.psnr(floats).shape == (5,)
    assert model.psnr(images[:0]).shape == (0,)


def test_psnr_that_is_logged_is_that_of_the_metrics(model):
    images = float_images(7)
    logs = model.evaluate(images, verbose=0, return_dict=True)
    assert logs["psnr"] == pytest.approx(model.psnr(images).mean(), rel=1e-5)
