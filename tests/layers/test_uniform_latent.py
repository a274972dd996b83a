"""Latents with a uniform prior."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import UniformLatent


def test_passes_through_and_brings_no_loss():
    latent = UniformLatent(2)
    z = ops.array([[-0.5, 2.0]])
    np.testing.assert_array_equal(ops.convert_to_numpy(latent(z)), z)
    np.testing.assert_array_equal(ops.convert_to_numpy(latent.codes(z)), z)
    assert latent.losses == []
    assert not latent.is_discrete


def test_samples_fill_the_interval():
    latent = UniformLatent(3, low=-2.0, high=1.0)
    samples = ops.convert_to_numpy(latent.sample(4000, seed=0))
    assert samples.shape == (4000, 3)
    assert samples.min() >= -2
    assert samples.max() <= 1
    # Standard error of a mean: 3 / sqrt(12 * 4000) = 0.014.
    np.testing.assert_allclose(samples.mean(axis=0), -0.5, atol=0.06)
    np.testing.assert_allclose(samples.std(axis=0), 3 / 12**0.5, atol=0.05)
    again = ops.convert_to_numpy(latent.sample(4000, seed=0))
    np.testing.assert_array_equal(samples, again)
    generator = keras.random.SeedGenerator(0)
    one, two = (latent.sample(5, seed=generator) for _ in range(2))
    assert np.any(ops.convert_to_numpy(one) != ops.convert_to_numpy(two))


def test_refuses():
    with pytest.raises(ValueError, match="low=1"):
        UniformLatent(2, low=1.0, high=1.0)
