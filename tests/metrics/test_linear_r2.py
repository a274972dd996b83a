"""R² against scikit-learn's regression, and its edges."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from keras_qlae.metrics import linear_r2_score

pytestmark = pytest.mark.backend_free


def sample(seed, num_latents, num_samples=120):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 6, (num_samples, 3))
    noise = rng.normal(size=(num_samples, num_latents))
    return factors, factors @ rng.normal(size=(3, num_latents)) + noise


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("num_latents", [1, 3, 7])
def test_against_scikit_learn(seed, num_latents):
    factors, latents = sample(seed, num_latents)
    model = LinearRegression().fit(latents[:90], factors[:90])
    scores = r2_score(
        factors[90:], model.predict(latents[90:]), multioutput="raw_values"
    )
    actual = linear_r2_score(factors, latents, seed=None)
    assert actual == pytest.approx(np.maximum(scores, 0).mean(), abs=1e-9)


def test_any_invertible_mixture_scores_one():
    factors, _ = sample(0, 1)
    mixture = np.random.default_rng(1).normal(size=(3, 3))
    assert linear_r2_score(factors, factors @ mixture + 5) == pytest.approx(1)


def test_latents_that_depend_on_one_another_change_nothing():
    factors, latents = sample(0, 3)
    doubled = np.concatenate([latents, latents @ np.ones((3, 1))], axis=1)
    assert linear_r2_score(factors, doubled) == pytest.approx(
        linear_r2_score(factors, latents), abs=1e-9
    )


def test_a_factor_of_one_value_in_the_measured_quarter_is_left_out():
    factors, latents = sample(0, 3)
    expected = linear_r2_score(factors, latents, seed=None)
    first = np.zeros((120, 1), int)
    first[0] = 1
    padded = np.concatenate([first, factors], axis=1)
    actual = linear_r2_score(padded, latents, seed=None)
    assert actual == pytest.approx(expected, abs=1e-9)
    assert linear_r2_score(first, latents, seed=None) == 0.0


def test_a_single_sample_cannot_be_split():
    with pytest.raises(ValueError, match=r"at least 2.*Received: 1 sample"):
        linear_r2_score([[0]], [[1.0]])
