"""The kernel estimate: golden values, a loop, bandwidths, gradients."""

import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae.penalties import KernelTotalCorrelation
from tests.gradients import gradients_of
from tests.penalties.passes import ENCODED
from tests.penalties.passes import Latents
from tests.penalties.passes import forward_pass
from tests.penalties.passes import grid
from tests.penalties.passes import numpy


def estimate(latent, encoded, **kwargs):
    forward = forward_pass(latent, encoded)
    return numpy(KernelTotalCorrelation(**kwargs).compute(forward, None))


def by_loops(encoded, z, bandwidth):
    """The definition, in densities."""
    size, num_latents = z.shape
    sigma = encoded.std(axis=0) + 1e-6

    def silverman(n):
        return (4 / (n + 2)) ** (1 / (n + 4)) * size ** (-1 / (n + 4))

    def density(x, mean, std):
        exponent = -(((x - mean) / std) ** 2) / 2
        return np.exp(exponent) / (std * np.sqrt(2 * np.pi))

    marginal = silverman(1) if bandwidth == "silverman" else 1.0
    result = np.zeros(size)
    for i in range(size):
        joint, single = 0.0, np.zeros(num_latents)
        for j in range(size):
            product = 1.0
            for k in range(num_latents):
                std = silverman(num_latents) * sigma[k]
                product *= density(z[i, k], z[j, k], std)
                single[k] += density(z[i, k], z[j, k], marginal * sigma[k])
            joint += product
        result[i] = np.log(joint / size) - np.log(single / size).sum()
    return result


def test_golden_values(float64):
    """Computed with the authors' implementation."""
    actual = estimate(layers.FiniteScalarQuantizer(3, 12), ENCODED)
    expected = [
        1.4947041604,
        0.8127077518,
        0.6670577511,
        0.8230664077,
        0.8004621087,
        1.2934432499,
    ]
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10)
    assert actual.mean() == pytest.approx(0.981906904935292, rel=1e-12)


@pytest.mark.parametrize("bandwidth", ["paper", "silverman"])
def test_is_its_definition(float64, bandwidth):
    encoded = np.random.default_rng(0).normal(size=(7, 4))
    latent = layers.FiniteScalarQuantizer(4, 5)
    z = numpy(latent(ops.convert_to_tensor(encoded)))
    np.testing.assert_allclose(
        estimate(latent, encoded, marginal_bandwidth=bandwidth),
        by_loops(np.tanh(encoded), z, bandwidth),
        rtol=1e-10,
    )


def test_agrees_with_float64_in_float32():
    actual = estimate(
        layers.FiniteScalarQuantizer(3, 12), ENCODED.astype("float32")
    )
    z = grid(ENCODED)
    expected = by_loops(np.tanh(ENCODED), z, "paper")
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5)


def test_copies_of_one_latent_are_dependent():
    """Independent latents have about 0, copies of one much more."""
    rng = np.random.default_rng(0)
    alone = rng.normal(size=(256, 3)).astype("float32")
    copies = np.repeat(alone[:, :1], 3, axis=1)
    latent = layers.ContinuousLatent(3)
    apart, together = (
        estimate(latent, z, marginal_bandwidth="silverman").mean()
        for z in (alone, copies)
    )
    assert abs(apart) < 0.3
    assert together > 1


def test_scale_and_order_of_latents_do_not_matter():
    z = np.random.default_rng(0).normal(size=(9, 3)).astype("float32")
    latent = layers.ContinuousLatent(3)
    expected = estimate(latent, z)
    moved = z[:, [2, 0, 1]] * np.float32([3.0, 0.5, -1.0]) + 1
    np.testing.assert_allclose(estimate(latent, moved), expected, atol=1e-4)


def test_a_constant_latent_adds_a_constant():
    """Whatever the others are, and without gradients of NaN."""
    rng = np.random.default_rng(0)
    latent = layers.ContinuousLatent(3)
    for _ in range(2):
        z = rng.normal(size=(8, 3)).astype("float32")
        z[:, 1] = 0.3
        wide = np.exp(_log_factor(3, 8))
        exponents = -(((z[:, None] - z) / (z.std(axis=0) + 1e-6)) ** 2) / 2
        others = exponents[..., [0, 2]]
        joint = np.log(np.exp(others.sum(-1) / wide**2).mean(1))
        single = np.log(np.exp(others).mean(1)).sum(-1)
        np.testing.assert_allclose(
            estimate(latent, z), joint - single - 3 * np.log(wide), atol=1e-4
        )


def _log_factor(n, size):
    return (np.log(4 / (n + 2)) - np.log(size)) / (n + 4)


def gradient_of(latent, values):
    source = Latents(values)

    def loss():
        forward = forward_pass(latent, source.values.value)
        penalty = KernelTotalCorrelation().compute(forward, None)
        return ops.sum(penalty)

    return gradients_of(loss, source)[id(source.values)]


def test_gradient_goes_through_both_sides_and_the_spread(float64):
    """Of latents that are not quantized, against differences."""
    values = np.random.default_rng(0).normal(size=(5, 2))
    actual = gradient_of(layers.ContinuousLatent(2), values)
    latent, h = layers.ContinuousLatent(2), 1e-6
    for at in np.ndindex(*values.shape):
        step = np.zeros_like(values)
        step[at] = h
        up, down = (estimate(latent, values + s * step).sum() for s in (1, -1))
        assert actual[at] == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_gradient_goes_straight_through_the_quantizer(float64):
    """As if the grid value moved with the tanh."""
    actual = gradient_of(layers.FiniteScalarQuantizer(3, 12), ENCODED)
    bounded = np.tanh(ENCODED)
    z = grid(ENCODED)
    h = 1e-6
    for at in np.ndindex(*ENCODED.shape):
        step = np.zeros_like(z)
        step[at] = h
        up, down = (
            by_loops(bounded + s * step, z + s * step, "paper").sum()
            for s in (1, -1)
        )
        slope = (up - down) / (2 * h) * (1 - bounded[at] ** 2)
        assert actual[at] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_gradient_of_a_constant_latent_is_0():
    values = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    values[:, 1] = 0.3
    for latent in (
        layers.FiniteScalarQuantizer(3, 12),
        layers.ContinuousLatent(3),
    ):
        gradient = gradient_of(latent, values)
        assert np.all(np.isfinite(gradient))
        np.testing.assert_array_equal(gradient[:, 1], 0)
        assert np.any(gradient[:, 0])


def test_one_example_and_far_latents_are_finite():
    one = np.ones((1, 3), "float32")
    assert np.isfinite(estimate(layers.ContinuousLatent(3), one)).all()
    # One example in a thousand is far away: densities beyond float32.
    far = np.zeros((1000, 3), "float32")
    far[0] = 1e4
    found = estimate(layers.ContinuousLatent(3), far)
    assert np.isfinite(found).all()
    assert np.isfinite(gradient_of(layers.ContinuousLatent(3), far)).all()


def test_refuses():
    with pytest.raises(ValueError, match=r"'paper', 'silverman'.*'scott'"):
        KernelTotalCorrelation(marginal_bandwidth="scott")
    forward = forward_pass(
        layers.VectorQuantizer(3, 5, 2), np.zeros((2, 6), "float32")
    )
    with pytest.raises(ValueError, match=r"one number.*VectorQuantizer with"):
        KernelTotalCorrelation().compute(forward, None)
