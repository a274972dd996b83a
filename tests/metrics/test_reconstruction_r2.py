"""The share of the variance of vectors that reconstructions keep."""

import numpy as np
import pytest

from keras_qlae.metrics.reconstruction_r2 import reconstruction_r2

pytestmark = pytest.mark.backend_free

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(50, 3)) * [1, 1e-6, 1e6] + [0, 1, 1e7]
REBUILT = VECTORS + 0.5 * RNG.normal(size=(50, 3)) * [1, 1e-6, 1e6]


def test_it_is_that_of_scikit_learn():
    from sklearn.metrics import r2_score

    expected = r2_score(VECTORS, REBUILT)
    assert reconstruction_r2(VECTORS, REBUILT) == pytest.approx(expected)


def test_equal_vectors_and_their_mean():
    assert reconstruction_r2(VECTORS, VECTORS) == 1
    means = np.broadcast_to(VECTORS.mean(axis=0), VECTORS.shape)
    assert reconstruction_r2(VECTORS, means) == pytest.approx(0)


def test_constant_values_are_left_out():
    padded = [np.pad(x, ((0, 0), (0, 1))) for x in (VECTORS, REBUILT)]
    assert reconstruction_r2(*padded) == reconstruction_r2(VECTORS, REBUILT)
    assert reconstruction_r2(np.ones((4, 2)), np.zeros((4, 2))) == 0


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="must both have the shape"):
        reconstruction_r2(VECTORS, REBUILT[1:])
