"""The meaning of the decoder's outputs: loss, gradients, images."""

import types

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import recipes
from keras_qlae.export.signatures import signatures_of
from keras_qlae.models import likelihood
from tests.gradients import gradients_of
from tests.models.small import float_images
from tests.models.small import small_autoencoder

RNG = np.random.default_rng(0)


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def losses_by_hand(name, x, m):
    """That of each value, and its derivative by the output."""
    if name == "gaussian":
        return (x - m) ** 2, 2 * (m - x)
    p = sigmoid(m)
    return -x * np.log(p) - (1 - x) * np.log(1 - p), p - x


@pytest.mark.parametrize("shape", [(5, 4, 3, 2), (5, 7)])
@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_loss_and_gradient_of_images_and_vectors(name, shape):
    x = RNG.uniform(0, 1, shape).astype("float32")
    m = RNG.normal(0, 1, shape).astype("float32")
    values, derivatives = losses_by_hand(name, x, m)
    axes = tuple(range(1, len(shape)))
    outputs, images = keras.Variable(m), ops.convert_to_tensor(x)

    def loss():
        return likelihood.reconstruction_loss(name, images, outputs.value)

    np.testing.assert_allclose(numpy(loss()), values.mean(axes), rtol=1e-5)
    holder = types.SimpleNamespace(trainable_variables=[outputs])
    found = gradients_of(lambda: ops.sum(loss()), holder)[id(outputs)]
    size = np.prod(shape[1:])
    np.testing.assert_allclose(found, derivatives / size, atol=1e-6)


def test_gaussian_is_the_log_density_of_variance_one_half():
    x, m = RNG.normal(size=(2, 5, 7)).astype("float32")
    scipy = pytest.importorskip("scipy.stats")
    minus_log = -scipy.norm(m, np.sqrt(0.5)).logpdf(x).mean(axis=1)
    loss = numpy(likelihood.reconstruction_loss("gaussian", x, m))
    np.testing.assert_allclose(loss + np.log(np.pi) / 2, minus_log, rtol=1e-5)


def test_images_are_clipped_and_vectors_are_not():
    m = ops.convert_to_tensor([[-1.0, 0.25, 2.0]])
    image = ops.reshape(m, (1, 1, 3, 1))
    shown = numpy(likelihood.expected("gaussian", image)).ravel()
    np.testing.assert_array_equal(shown, [0, 0.25, 1])
    np.testing.assert_array_equal(
        numpy(likelihood.expected("gaussian", m)), numpy(m)
    )
    shown = numpy(likelihood.expected("bernoulli", m))
    np.testing.assert_allclose(shown, sigmoid(numpy(m)), rtol=1e-6)


@pytest.fixture(scope="module")
def model():
    model = small_autoencoder(likelihood="gaussian")
    out = model.decoder.get_layer("conv_out")
    out.kernel.assign(3 * ops.convert_to_numpy(out.kernel))  # beyond [0, 1]
    return model


def test_model_by_hand(model):
    images = float_images(10)
    outputs = numpy(model(images))
    assert outputs.min() < 0
    shown = np.clip(outputs, 0, 1)
    np.testing.assert_allclose(model.reconstruct(images), shown, atol=1e-6)
    np.testing.assert_allclose(
        model.traverse(images[:1])[0][0, model.codes(images[:1])[0, 0]],
        shown[0],
        atol=1e-6,
    )
    logs = model.evaluate(images, batch_size=4, verbose=0, return_dict=True)
    square = np.mean((images - outputs) ** 2)
    assert logs["reconstruction_loss"] == pytest.approx(square, rel=1e-5)
    assert logs["psnr"] == pytest.approx(model.psnr(images).mean(), rel=1e-5)
    total = sum(w * logs[name] for name, w in model.loss_weights.items())
    assert logs["loss"] == pytest.approx(total, rel=1e-5)


def test_exports_give_the_same_images(model):
    codes = model.codes(float_images(4))
    decode = signatures_of(model, "decoder")["decode_codes"].function
    np.testing.assert_allclose(
        numpy(decode(codes)["images"]), model.decode_codes(codes), atol=1e-6
    )


def test_saved_and_trained_on(tmp_path):
    images = float_images(6)

    def fit(model, epochs):
        model.fit(images, batch_size=3, epochs=epochs, shuffle=False, verbose=0)

    whole, first = (small_autoencoder(likelihood="gaussian") for _ in "ab")
    fit(whole, 2)
    fit(first, 1)
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    assert second.likelihood == second.get_config()["likelihood"] == "gaussian"
    fit(second, 1)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mean_is_learned():
    """A decoder that is free fits images to a squared error near 0."""
    images = np.repeat(float_images(1), 8, axis=0)
    model = small_autoencoder(likelihood="gaussian")
    before = model.psnr(images).mean()
    model.fit(images, batch_size=8, epochs=60, verbose=0)
    assert model.psnr(images).mean() > before + 6


def test_a_file_from_before_there_was_a_choice_has_logits():
    config = small_autoencoder(compiled=False).get_config()
    del config["likelihood"]
    copy = type(small_autoencoder(compiled=False)).from_config(config)
    assert copy.likelihood == "bernoulli"


def test_is_a_setting_and_others_are_refused():
    recipe = recipes.get("qlae", likelihood="gaussian")
    model = recipes.compiled_model(recipe, (8, 8, 1), num_factors=2)
    assert model.likelihood == "gaussian"
    with pytest.raises(ValueError, match="bernoulli, gaussian"):
        recipes.get("qlae", likelihood="laplace")
    with pytest.raises(ValueError, match="likelihood='laplace'"):
        small_autoencoder(likelihood="laplace")
