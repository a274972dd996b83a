"""IRS of the largest numbers; its laws are in `test_laws.py`."""

import numpy as np
import pytest

from keras_qlae.metrics import factor_vae_score
from keras_qlae.metrics import irs_score

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("scale", [1e307, 1e-307])
def test_the_largest_and_smallest_numbers_do_not_overflow(scale):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (50, 2))
    latents = 1 + rng.random((50, 3)) + factors[:, :1]
    expected = pytest.approx(irs_score(factors, latents), abs=1e-9)
    assert irs_score(factors, latents * scale) == expected


def test_the_factor_vae_score_of_the_largest_numbers():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (50, 2))
    latents = 1 + rng.random((50, 3)) + factors[:, :1]
    expected = factor_vae_score(factors, latents, num_votes=100)
    assert factor_vae_score(factors, latents * 1e307, num_votes=100) == expected
