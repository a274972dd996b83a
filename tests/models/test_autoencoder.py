"""The autoencoder: its inputs, logs and trained variables."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from tests.models.small import SHAPE
from tests.models.small import float_images
from tests.models.small import integer_images
from tests.models.small import small_autoencoder

KEYS = {
    "loss",
    "reconstruction_loss",
    "quantization_loss",
    "commitment_loss",
    "psnr",
}


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def by_hand(model, images):
    """Every logged number, from the definitions, in float64."""
    z = numpy(model.encode(images))
    codes = model.codes(images)
    values = numpy(model.latent.values(codes))
    logits = numpy(model.decoder(ops.cast(values, "float32")))
    x = images.astype("float64")
    x = x / 255 if images.dtype == np.uint8 else x
    cross_entropy = np.maximum(logits, 0) - logits * x
    cross_entropy += np.log1p(np.exp(-np.abs(logits)))
    square = np.mean((x - 1 / (1 + np.exp(-logits))) ** 2, axis=(1, 2, 3))
    latent_loss = np.mean((z - values) ** 2)
    weights = model.latent.loss_weights.values()
    return {
        "loss": cross_entropy.mean() + sum(w * latent_loss for w in weights),
        "reconstruction_loss": cross_entropy.mean(),
        "quantization_loss": latent_loss,
        "commitment_loss": latent_loss,
        "psnr": np.mean(-10 * np.log10(square)),
    }


def assert_logs_equal(logs, expected):
    assert set(logs) == set(expected)
    for key, value in expected.items():
        # Means of float32 over some hundred pixels.
        assert logs[key] == pytest.approx(value, rel=1e-5), key


def test_evaluate_equals_the_losses_by_hand():
    """Over batches of unequal sizes, for floats and for integers."""
    latent = layers.ScalarCodebookQuantizer(
        3, 4, quantization_weight=0.5, commitment_weight=2.0
    )
    model = small_autoencoder(latent)
    for images in (float_images(10), integer_images(10, seed=1)):
        logs = model.evaluate(images, batch_size=4, verbose=0, return_dict=True)
        assert_logs_equal(logs, by_hand(model, images))


def test_losses_are_the_same_in_training():
    """A step logs the losses from before its update."""
    model = small_autoencoder()
    images = float_images(6)
    expected = by_hand(model, images)
    logs = model.train_on_batch(images, return_dict=True)
    assert_logs_equal({k: float(v) for k, v in logs.items()}, expected)


def test_a_black_image_costs_log_2_at_logits_of_0():
    model = small_autoencoder()
    loss = model.reconstruction_loss(
        ops.zeros((2, *SHAPE)), ops.zeros((2, *SHAPE))
    )
    np.testing.assert_allclose(numpy(loss), [np.log(2)] * 2, rtol=1e-6)


def weights_after(data, **settings):
    model = small_autoencoder()
    history = model.fit(data, verbose=0, **settings)
    return history.history, model.get_weights()


@pytest.fixture
def tf_data():
    return pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices


class TestFit:
    """The same images in any form give the same training."""

    images = integer_images(8)
    factors = np.arange(16).reshape(8, 2)

    @pytest.fixture
    def expected(self):
        return weights_after(self.images, batch_size=4, epochs=2, shuffle=False)

    def assert_same(self, actual, expected, atol=0.0):
        assert set(actual[0]) == KEYS
        for a, b in zip(actual[1], expected[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=atol)

    def test_on_floats(self, expected):
        actual = weights_after(
            float_images(8), batch_size=4, epochs=2, shuffle=False
        )
        # TensorFlow divides by 255 as a product with its inverse, off by one
        # bit; Adam divides small gradients by their size. A step is 0.01.
        self.assert_same(actual, expected, atol=1e-4)

    def test_on_a_data_set_of_images(self, expected, tf_data):
        data = tf_data(self.images).batch(4)
        self.assert_same(weights_after(data, epochs=2), expected)

    def test_on_a_data_set_of_images_and_factors(self, expected, tf_data):
        data = tf_data((self.images, self.factors)).batch(4)
        self.assert_same(weights_after(data, epochs=2), expected)

    def test_on_arrays_with_factors(self, expected):
        actual = weights_after(
            self.images,
            y=self.factors,
            batch_size=4,
            epochs=2,
            shuffle=False,
        )
        self.assert_same(actual, expected)

    def test_on_a_generator(self, expected):
        def batches():
            for _ in range(2):
                yield self.images[:4], self.factors[:4]
                yield self.images[4:], self.factors[4:]

        data = weights_after(batches(), epochs=2, steps_per_epoch=2)
        self.assert_same(data, expected)

    def test_every_variable_moves(self, expected):
        start = small_autoencoder().get_weights()
        for before, after in zip(start, expected[1], strict=True):
            assert np.any(before != after)

    def test_arrays_are_shuffled_by_default(self, expected):
        """NumPy arrays and tensors of the backend alike."""
        for data in (self.images, ops.convert_to_tensor(self.images)):
            _, weights = weights_after(data, batch_size=4, epochs=2)
            assert any(
                np.any(a != b)
                for a, b in zip(weights, expected[1], strict=True)
            )


@pytest.mark.parametrize("form", ["array", "tuple", "images", "pairs"])
def test_validation_data_in_every_form(form, tf_data):
    held_out = integer_images(6, seed=3)
    factors = np.zeros((6, 2), "int32")
    validation = {
        "array": lambda: held_out,
        "tuple": lambda: (held_out, factors),
        "images": lambda: tf_data(held_out).batch(4),
        "pairs": lambda: tf_data((held_out, factors)).batch(4),
    }[form]()
    model = small_autoencoder()
    history = model.fit(
        integer_images(4), validation_data=validation, verbose=0, batch_size=4
    ).history
    assert set(history) == KEYS | {f"val_{key}" for key in KEYS}
    expected = by_hand(model, held_out)
    logs = {key: history[f"val_{key}"][0] for key in KEYS}
    assert_logs_equal(logs, expected)


class TestWhatMoves:
    def fitted(self, latent, **settings):
        model = small_autoencoder(latent, **settings)
        before = model.get_weights(), latent.codebooks
        model.fit(integer_images(4), verbose=0)
        return model, *before

    def test_without_quantization_loss_the_codebook_stays(self):
        """And no backend warns of a variable without gradient."""
        latent = layers.ScalarCodebookQuantizer(3, 4, quantization_weight=0)
        model, weights, codebooks = self.fitted(latent)
        np.testing.assert_array_equal(latent.codebooks, codebooks)
        moved = [
            np.any(a != b)
            for a, b in zip(weights, model.get_weights(), strict=True)
        ]
        assert moved.count(False) == 1

    def test_a_fixed_codebook_stays(self):
        latent = layers.ScalarCodebookQuantizer(3, 4, trainable_codebook=False)
        model, _, codebooks = self.fitted(latent)
        np.testing.assert_array_equal(latent.codebooks, codebooks)
        trainable = {id(v) for v in model.trainable_variables}
        assert id(latent.codebook) not in trainable

    def test_a_latent_of_a_users_functional_model_without_losses(self):
        """Weights of 0 there too: nothing warns, the codebook stays."""
        latent = layers.ScalarCodebookQuantizer(
            2, 3, quantization_weight=0, commitment_weight=0
        )
        inputs = keras.Input((2,))
        model = keras.Model(inputs, latent(keras.layers.Dense(2)(inputs)))
        codebooks = latent.codebooks
        model.compile("adam", loss="mse")
        model.fit(np.ones((4, 2)), np.ones((4, 2)), verbose=0)
        np.testing.assert_array_equal(latent.codebooks, codebooks)


def test_regularizers_of_the_networks_count():
    latent = layers.ContinuousLatent(2)
    inputs = keras.Input(SHAPE)
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(3.0))(x)
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(64),
            keras.layers.Reshape(SHAPE),
        ]
    )
    model = models.Autoencoder(keras.Model(inputs, x), latent, decoder)
    model.compile("sgd")
    kernel = model.encoder.get_weights()[0]
    logs = model.evaluate(float_images(4), verbose=0, return_dict=True)
    extra = logs["loss"] - logs["reconstruction_loss"]
    assert extra == pytest.approx(3 * np.sum(kernel**2), rel=1e-5)
    logs = model.train_on_batch(float_images(4), return_dict=True)
    extra = float(logs["loss"]) - float(logs["reconstruction_loss"])
    assert extra == pytest.approx(3 * np.sum(kernel**2), rel=1e-5)


class SquaredError(models.Autoencoder):
    """Another likelihood."""

    def reconstruction_loss(self, images, logits):
        error = ops.square(ops.sigmoid(logits) - images)
        return ops.sum(error, axis=(1, 2, 3))


def test_another_reconstruction_loss():
    model = small_autoencoder(layers.ContinuousLatent(3), SquaredError)
    images = float_images(6)
    logs = model.evaluate(images, batch_size=4, verbose=0, return_dict=True)
    squares = (model.reconstruct(images) - images).astype("float64") ** 2
    expected = squares.sum() / 6
    assert set(logs) == {"loss", "reconstruction_loss", "psnr"}
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)
    assert logs["reconstruction_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    """A step moves all weights; losses are those of float32, roughly."""
    images = float_images(6)
    expected = by_hand(small_autoencoder(), images)
    keras.config.set_dtype_policy(policy)
    try:
        model = small_autoencoder()
        before = model.get_weights()
        logs = model.train_on_batch(images, return_dict=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.latent.codebook.dtype == "float32"
    for a, b in zip(before, model.get_weights(), strict=True):
        assert a.dtype == "float32"
        assert np.any(a != b)
    for key in ("loss", "reconstruction_loss"):
        assert float(logs[key]) == pytest.approx(expected[key], rel=2e-2)


@pytest.mark.slow_on("jax")
@pytest.mark.skipif(
    keras.backend.backend() == "torch",
    reason="PyTorch compiles for a minute, and needs a C++ compiler",
)
def test_compiled_and_eager_steps_agree():
    images = float_images(4)
    runs = []
    for jit_compile in (True, False):
        model = small_autoencoder(jit_compile=jit_compile)
        model.fit(images, batch_size=4, epochs=2, shuffle=False, verbose=0)
        runs.append(model.get_weights())
    for compiled, eager in zip(*runs, strict=True):
        # Sums in another order; two steps of 0.01, and Adam divides by
        # gradients that may be small.
        np.testing.assert_allclose(compiled, eager, atol=1e-4)


class TestErrors:
    def test_widths_that_do_not_fit(self):
        good = small_autoencoder(compiled=False)
        wide = layers.ScalarCodebookQuantizer(5)
        message = r"encoder's output must be 5 wide, the `num_inputs`"
        with pytest.raises(ValueError, match=message):
            models.Autoencoder(good.encoder, wide, good.decoder)
        encoder = small_autoencoder(wide, compiled=False).encoder
        message = r"decoder's input must be 5 wide.*num_outputs=5"
        with pytest.raises(ValueError, match=message):
            models.Autoencoder(encoder, wide, good.decoder)

    def test_a_decoder_of_other_images(self):
        good = small_autoencoder(compiled=False)
        decoder = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(16),
                keras.layers.Reshape((4, 4, 1)),
            ]
        )
        message = r"shape of the encoder's input.*\(4, 4, 1\) against \(8, 8"
        with pytest.raises(ValueError, match=message):
            models.Autoencoder(good.encoder, good.latent, decoder)

    def test_sample_weights_are_refused(self):
        model = small_autoencoder()
        images, weights = float_images(4), np.ones(4)
        for target in (None, images):
            with pytest.raises(ValueError, match="does not use sample weights"):
                model.fit(images, target, sample_weight=weights, verbose=0)
        with pytest.raises(ValueError, match="does not use sample weights"):
            model.train_on_batch(images, images, sample_weight=weights)
