"""The latent of a beta-VAE, and its common methods with a beta-TCVAE's."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import GaussianLatent
from keras_qlae.layers import TotalCorrelationLatent
from tests.derivatives import gradients

BOTH = {
    "gaussian": lambda **kwargs: GaussianLatent(2, 12, **kwargs),
    "total_correlation": lambda **kwargs: TotalCorrelationLatent(
        2, 12, 100, **kwargs
    ),
}
both = pytest.mark.parametrize("make", BOTH.values(), ids=BOTH.keys())


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def inputs(batch=5, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, 4)).astype("float32")


def test_kl_in_closed_form():
    """Against the integral of q log(q / p) on a grid."""
    z = inputs()
    mean, std = z[:, :2], np.log1p(np.exp(z[:, 2:]))
    x = np.linspace(-30, 30, 60_001)[:, None, None]
    log_q = -(((x - mean) / std) ** 2) / 2 - np.log(std)
    log_q = log_q - np.log(2 * np.pi) / 2
    log_p = -(x**2) / 2 - np.log(2 * np.pi) / 2
    kl = np.sum(np.exp(log_q) * (log_q - log_p), axis=0) * 0.001
    expected = kl.sum(axis=-1) / 12
    layer = GaussianLatent(2, 12, kl_weight=3.0)
    for training in (True, False):
        losses = layer.compute(z, training=training).losses
        np.testing.assert_allclose(numpy(losses["kl_loss"]), expected, 1e-4)
        layer(z, training=training)
        total = float(numpy(layer.losses[0]))
        np.testing.assert_allclose(total, 3 * expected.mean(), rtol=1e-4)


def test_kl_of_a_vanishing_deviation_is_finite():
    """At -200 the deviation is 0 in float32, its logarithm -200."""
    z = np.array([[0.0, -200.0]], "float32")
    layer = GaussianLatent(1, 1)

    def kl(z):
        return ops.sum(layer.compute(z).losses["kl_loss"])

    assert float(numpy(kl(z))) == pytest.approx(199.5)
    np.testing.assert_allclose(gradients(kl, z)[0], [[0.0, -1.0]])


def test_gradients_of_the_kl():
    """By the mean, the mean; by the rest, (std - 1 / std) sigmoid."""
    z = inputs()
    std = np.log1p(np.exp(z[:, 2:]))
    expected = np.concatenate(
        [z[:, :2], (std - 1 / std) / (1 + np.exp(-z[:, 2:]))], axis=1
    )
    layer = GaussianLatent(2, 12)
    actual = gradients(
        lambda z: ops.sum(layer.compute(z).losses["kl_loss"]), z
    )[0]
    np.testing.assert_allclose(actual, expected / 12, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(BOTH["gaussian"], id="gaussian"),
        pytest.param(
            BOTH["total_correlation"],
            id="total_correlation",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_sample_in_training_and_mean_in_evaluation(make):
    latent = make(seed=1)
    z = np.tile(np.array([[0.5, -1.0, 0.0, 2.0]], "float32"), (4000, 1))
    for outputs in (latent(z), latent(z, training=False), latent.codes(z)):
        np.testing.assert_array_equal(numpy(outputs), z[:, :2])
    result = latent.compute(z, training=True)
    np.testing.assert_array_equal(numpy(result.codes), z[:, :2])
    std = np.log1p(np.exp([0.0, 2.0]))
    outputs = numpy(result.outputs)
    # Five standard errors.
    np.testing.assert_allclose(outputs.mean(axis=0), [0.5, -1.0], atol=0.17)
    np.testing.assert_allclose(outputs.std(axis=0), std, rtol=0.06)
    again = numpy(latent.compute(z, training=True).outputs)
    assert np.all(again != outputs)
    assert not latent.is_discrete


@both
def test_noise_follows_the_seed_and_is_saved(make, tmp_path):
    x = inputs()
    latent, same = make(seed=7), make(seed=7)
    one = numpy(latent(x, training=True))
    np.testing.assert_array_equal(numpy(same(x, training=True)), one)
    model = keras.Sequential([keras.Input((4,)), latent])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    other = make(seed=7)
    weights = keras.Sequential([keras.Input((4,)), other])
    model.save_weights(tmp_path / "model.weights.h5")
    weights.load_weights(tmp_path / "model.weights.h5")
    expected = numpy(latent(x, training=True))
    assert np.any(expected != one)
    for copy in (loaded.layers[-1], other):
        np.testing.assert_array_equal(numpy(copy(x, training=True)), expected)


@both
def test_gradient_of_the_sample(make):
    """By the mean 1, by the rest noise * sigmoid."""
    x = inputs()
    latent = make(seed=1)
    sample = numpy(latent.compute(x, training=True).outputs)
    noise = (sample - x[:, :2]) / np.log1p(np.exp(x[:, 2:]))
    # A layer of its own: on JAX noise drawn under `grad` stays there.
    slope = noise / (1 + np.exp(-x[:, 2:]))
    h = 1e-2
    moved = x + np.array([0, 0, h, h], "float32")
    after = numpy(make(seed=1).compute(moved, training=True).outputs)
    np.testing.assert_allclose((after - sample) / h, slope, atol=1e-2)


@both
def test_draws_from_the_prior(make):
    samples = numpy(make().sample(4000, seed=0))
    assert samples.shape == (4000, 2)
    np.testing.assert_allclose(samples.mean(axis=0), 0, atol=0.08)
    np.testing.assert_allclose(samples.std(axis=0), 1, atol=0.06)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kl_weight": 0.0}, "`kl_weight` must be a positive.*kl_weight=0.0"),
        ({"kl_weight": -1.0}, "use `ContinuousLatent`.*kl_weight=-1.0"),
        ({"kl_weight": float("nan")}, "kl_weight=nan"),
        ({"num_pixel_values": 0}, "height x width x channels.*=0"),
        ({"num_pixel_values": 1.5}, "num_pixel_values=1.5"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianLatent(**{"num_latents": 2, "num_pixel_values": 12} | arguments)


def test_width_is_twice_the_latents():
    with pytest.raises(ValueError, match="last axis is 4 wide"):
        GaussianLatent(2, 12)(np.zeros((3, 2), "float32"))
