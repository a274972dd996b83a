"""The estimate of the total correlation, against loops in NumPy."""

import math

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import TotalCorrelationLatent
from tests.derivatives import gradients

NUM_EXAMPLES = 1000
NUM_PIXEL_VALUES = 12


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def density(z, mean, std):
    return math.exp(-(((z - mean) / std) ** 2) / 2) / (
        std * math.sqrt(2 * math.pi)
    )


def by_loops(sample, mean, std):
    """Each loss of each example, term by term as in the paper."""
    batch, num_latents = sample.shape
    losses = np.zeros((3, batch))
    for i in range(batch):
        own, prior, joint = 1.0, 1.0, 0.0
        marginals = [0.0] * num_latents
        for k in range(num_latents):
            own *= density(sample[i, k], mean[i, k], std[i, k])
            prior *= density(sample[i, k], 0.0, 1.0)
        for j in range(batch):
            product = 1.0
            for k in range(num_latents):
                q = density(sample[i, k], mean[j, k], std[j, k])
                product *= q
                marginals[k] += q / (batch * NUM_EXAMPLES)
            joint += product / (batch * NUM_EXAMPLES)
        independent = math.prod(marginals)
        losses[:, i] = (
            math.log(own / joint),
            math.log(joint / independent),
            math.log(independent / prior),
        )
    return losses / NUM_PIXEL_VALUES


def latent(weight=1.0, seed=2):
    return TotalCorrelationLatent(
        3, NUM_PIXEL_VALUES, NUM_EXAMPLES, weight, seed=seed
    )


def inputs(*leading):
    shape = (*leading, 6)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def parts(x):
    return x[:, :3], np.log1p(np.exp(x[:, 3:].astype("float64")))


def test_equals_the_loops():
    x = inputs(7)
    layer = latent(weight=4.0)
    result = layer.compute(x, training=True)
    expected = by_loops(numpy(result.outputs), *parts(x))
    assert list(result.losses) == list(layer.loss_weights)
    np.testing.assert_allclose(
        [numpy(loss) for loss in result.losses.values()],
        expected,
        rtol=1e-4,
        atol=1e-5,
    )


def test_call_adds_the_weighted_means():
    x = inputs(7)
    layer = latent(weight=4.0)
    unweighted = latent().compute(x).losses.values()
    layer(x)
    np.testing.assert_allclose(
        [float(numpy(loss)) for loss in layer.losses],
        np.array([1, 4, 1]) * [numpy(loss).mean() for loss in unweighted],
        rtol=1e-5,
    )


def test_evaluation_has_the_same_noise_every_time():
    x = inputs(7)
    layer = latent()
    one, two = (
        np.array([numpy(loss) for loss in layer.compute(x).losses.values()])
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)


def test_every_axis_but_the_last_is_batch():
    x = inputs(2, 3)
    layer = latent(seed=2)
    flat = latent(seed=2).compute(x.reshape(6, 6), training=True).losses
    shaped = layer.compute(x, training=True).losses
    for name, loss in flat.items():
        assert tuple(shaped[name].shape) == (2, 3)
        np.testing.assert_allclose(
            numpy(shaped[name]).reshape(6), numpy(loss), rtol=1e-5, atol=1e-6
        )


def test_gradient_equals_that_of_the_loops():
    """In evaluation: the noise is fixed, and so part of the function."""
    x = inputs(4)
    layer = latent()

    def total(x):
        losses = layer.compute(x).losses
        return ops.sum(losses["total_correlation_loss"])

    actual = gradients(total, x)[0]
    mean, _ = parts(x)
    noise = numpy(layer.draw_noise(ops.array(mean), training=False))

    def by_numpy(x):
        mean, std = parts(x)
        return by_loops(mean + std * noise, mean, std)[1].sum()

    h = 1e-3
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        slope = (by_numpy(x + step) - by_numpy(x - step)) / (2 * h)
        np.testing.assert_allclose(actual[place], slope, rtol=1e-2, atol=2e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_examples": 0}, "images in the training set.*num_examples=0"),
        (
            {"total_correlation_weight": 0.0},
            "must be a positive finite number.*weight=0.0",
        ),
    ],
)
def test_refuses(arguments, message):
    good = {"num_latents": 3, "num_pixel_values": 12, "num_examples": 9}
    with pytest.raises(ValueError, match=message):
        TotalCorrelationLatent(**good | arguments)
