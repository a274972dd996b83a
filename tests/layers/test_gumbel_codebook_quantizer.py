"""One codebook for all, softly in training: against NumPy loops."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import GumbelCodebookQuantizer
from tests.derivatives import gradients
from tests.gradients import gradients_of

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(4, 3)).astype("float32")
NOISE = RNG.gumbel(size=(4, 3, 5)).astype("float32")


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def made(**settings):
    layer = GumbelCodebookQuantizer(3, 5, seed=1, **settings)
    layer.build((None, 3))
    return layer


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def by_loops(table, temperature=1.0):
    """Weights, values and the divergence of each example."""
    weights = np.zeros((4, 3, 5))
    values = np.zeros((4, 3))
    divergences = np.zeros(4)
    for i in range(4):
        for j in range(3):
            distances = [(float(Z[i, j]) - e) ** 2 for e in table]
            d = np.array(distances)
            weights[i, j] = softmax((NOISE[i, j] - d) / temperature)
            values[i, j] = sum(
                w * e for w, e in zip(weights[i, j], table, strict=True)
            )
            for p in softmax(-d):
                divergences[i] += p * np.log(5 * p + 1e-10) / 3
    return weights, values, divergences


@pytest.mark.parametrize("draws", [0, 70_000])
def test_training_by_loops(draws):
    layer = made()
    layer.draws.assign(draws)
    result = layer.compute(Z, training=True, noise=NOISE)
    table = layer.codebooks[0].astype("float64")
    weights, values, divergences = by_loops(table, np.exp(-1e-5 * draws))
    np.testing.assert_allclose(numpy(result.parts), weights, atol=1e-5)
    np.testing.assert_allclose(numpy(result.outputs), values, atol=1e-5)
    np.testing.assert_allclose(
        numpy(result.losses["kl_loss"]), divergences, atol=1e-5
    )
    assert int(layer.draws) == draws


def test_evaluation_is_the_nearest_value():
    layer = made()
    table = layer.codebooks[0].astype("float64")
    codes = np.abs(Z[..., None] - table).argmin(axis=-1)
    result = layer.compute(Z)
    np.testing.assert_array_equal(numpy(result.codes), codes)
    np.testing.assert_array_equal(numpy(layer.codes(Z)), codes)
    np.testing.assert_array_equal(numpy(result.outputs), table[codes])
    np.testing.assert_array_equal(numpy(layer.values(codes)), table[codes])
    np.testing.assert_array_equal(numpy(result.parts), np.eye(5)[codes])
    np.testing.assert_allclose(
        numpy(result.losses["kl_loss"]), by_loops(table)[2], atol=1e-5
    )
    assert int(layer.draws) == 0


def test_codebook_is_shared_and_normal():
    layer = GumbelCodebookQuantizer(3, 4000, seed=1)
    values = layer.codebooks[0]
    for each in layer.codebooks:
        np.testing.assert_array_equal(each, values)
    # Five standard errors of a mean and of a standard deviation.
    assert abs(values.mean()) < 5 / np.sqrt(4000)
    assert abs(values.std() - 1) < 5 / np.sqrt(8000)
    assert tuple(layer.codebook.shape) == (1, 4000)


def test_noise_is_gumbel_new_each_time_and_counted():
    layer = GumbelCodebookQuantizer(2, 50, seed=1)
    layer.build((None, 2))
    noise = numpy(layer._draw_noise(ops.zeros((200, 2, 50))))
    # Of 20,000: the mean is Euler's constant, the deviation pi / sqrt(6).
    assert noise.mean() == pytest.approx(np.euler_gamma, abs=0.05)
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), abs=0.05)
    one, two = (layer.compute(Z[:, :2], training=True) for _ in "ab")
    assert np.any(numpy(one.outputs) != numpy(two.outputs))
    assert int(layer.draws) == 3


def test_gradients_reach_input_and_codebook():
    layer = made()
    z = ops.convert_to_tensor(Z)

    def value(training):
        return lambda: ops.sum(
            layer.compute(z, training, NOISE if training else None).outputs
        )

    def loss():
        return ops.sum(layer.compute(z).losses["kl_loss"])

    def by_codebook(function):
        return gradients_of(function, layer)[id(layer.codebook)]

    step = 1e-3
    for function in (value(True), loss):
        found = by_codebook(function)
        start = layer.codebooks[0]
        for k in range(5):
            moved = []
            for sign in (1, -1):
                layer.codebook.assign(
                    start[None] + sign * step * np.eye(5)[k : k + 1]
                )
                moved.append(float(numpy(function())))
            layer.codebook.assign(start[None])
            slope = (moved[0] - moved[1]) / (2 * step)
            # Differences of float32.
            assert found[0, k] == pytest.approx(slope, abs=2e-2)
    # The value in evaluation adds nothing to that.
    both = by_codebook(lambda: value(False)() + loss())
    np.testing.assert_array_equal(both, by_codebook(loss))
    by_input = gradients(lambda x: ops.sum(layer.compute(x).outputs), Z)[0]
    np.testing.assert_array_equal(by_input, np.ones_like(Z))
    soft = gradients(
        lambda x: ops.sum(layer.compute(x, True, NOISE).outputs), Z
    )[0]
    assert np.all(soft != 0)


@pytest.mark.parametrize("rate", [1e-5, 0.5])
def test_hardens_as_it_cools(rate):
    layer = made(cooling_rate=rate)
    layer.draws.assign(10)
    parts = numpy(layer.compute(Z, training=True, noise=NOISE).parts)
    assert (parts.max(axis=-1).min() > 0.9) == (rate == 0.5)


def test_file_has_draws_and_noise(tmp_path):
    inputs = keras.Input((3,))
    layer = made()
    model = keras.Model(inputs, layer(inputs))
    layer.compute(Z, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    copy = loaded.layers[-1]
    assert int(copy.draws) == 1
    np.testing.assert_array_equal(
        numpy(copy.compute(Z, training=True).outputs),
        numpy(layer.compute(Z, training=True).outputs),
    )


def test_refuses():
    with pytest.raises(ValueError, match="num_values=1"):
        GumbelCodebookQuantizer(3, 1)
    with pytest.raises(ValueError, match="kl_weight=-1"):
        GumbelCodebookQuantizer(3, kl_weight=-1.0)
    with pytest.raises(ValueError, match=r"cooling_rate=0\.0"):
        GumbelCodebookQuantizer(3, cooling_rate=0.0)
