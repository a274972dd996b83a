"""DIP-VAE's penalty: a loop, both variants, gradients."""

import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae.penalties import DIPCovariance
from tests.gradients import gradients_of
from tests.penalties.passes import Latents
from tests.penalties.passes import forward_pass
from tests.penalties.passes import numpy

ENCODED = np.random.default_rng(0).normal(size=(7, 6))


def gaussian():
    return layers.GaussianLatent(3, 64, seed=0)


def by_loops(encoded, variant, diagonal_weight):
    mean, raw = encoded[:, :3], encoded[:, 3:]
    covariance = np.cov(mean, rowvar=False, ddof=0)
    if variant == "II":
        std = np.log1p(np.exp(raw))
        covariance = covariance + np.diag((std**2).mean(axis=0))
    total = 0.0
    for i in range(3):
        for j in range(3):
            if i == j:
                total += diagonal_weight * (covariance[i, i] - 1) ** 2
            else:
                total += covariance[i, j] ** 2
    return total


def penalty_of(latent, encoded, **kwargs):
    forward = forward_pass(latent, encoded)
    return numpy(DIPCovariance(**kwargs).compute(forward, None))


@pytest.mark.parametrize("variant", ["I", "II"])
@pytest.mark.parametrize("diagonal_weight", [10.0, 1.0, 0.0])
def test_is_its_definition(float64, variant, diagonal_weight):
    settings = {"variant": variant, "diagonal_weight": diagonal_weight}
    assert penalty_of(gaussian(), ENCODED, **settings) == pytest.approx(
        by_loops(ENCODED, **settings), rel=1e-12
    )


def test_is_0_at_the_identity(float64):
    """Corners of a cube: each variance is 1, no covariance."""
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    latent = layers.ContinuousLatent(3)
    assert penalty_of(latent, corners) == pytest.approx(0, abs=1e-12)
    assert penalty_of(latent, 2 * corners) == pytest.approx(10 * 3 * 9)


def test_is_of_the_numbers_before_quantization(float64):
    encoded = ENCODED[:, :3]
    found = penalty_of(layers.FiniteScalarQuantizer(3, 3), encoded)
    expected = penalty_of(layers.ContinuousLatent(3), np.tanh(encoded))
    assert found == pytest.approx(expected, rel=1e-12)


def gradient(variant):
    source, latent = Latents(ENCODED), gaussian()

    def loss():
        forward = forward_pass(latent, source.values.value)
        penalty = DIPCovariance(variant=variant)
        return ops.sum(penalty.compute(forward, None))

    return gradients_of(loss, source)[id(source.values)]


@pytest.mark.parametrize("variant", ["I", "II"])
def test_gradients(float64, variant):
    actual, h = gradient(variant), 1e-6
    for at in np.ndindex(*ENCODED.shape):
        step = np.zeros_like(ENCODED)
        step[at] = h
        up, down = (
            by_loops(ENCODED + s * step, variant, 10.0) for s in (1, -1)
        )
        slope = (up - down) / (2 * h)
        assert actual[at] == pytest.approx(slope, rel=1e-5, abs=1e-7)
    # The standard deviations learn from variant II alone.
    assert np.any(actual[:, 3:]) == (variant == "II")


def test_refuses():
    with pytest.raises(ValueError, match=r"'I'.*variant='III'"):
        DIPCovariance(variant="III")
    with pytest.raises(ValueError, match="diagonal_weight=-1"):
        DIPCovariance(diagonal_weight=-1)
    with pytest.raises(ValueError, match=r"posterior.*ContinuousLatent"):
        penalty_of(layers.ContinuousLatent(3), ENCODED[:, :3], variant="II")
    with pytest.raises(ValueError, match=r"are numbers.*VectorQuantizer"):
        penalty_of(layers.VectorQuantizer(3, 5, 2), ENCODED)
