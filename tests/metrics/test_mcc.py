"""MCC against every matching tried, and its edges."""

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr

from keras_qlae.metrics import mcc_score

pytestmark = pytest.mark.backend_free


def mixed(seed, num_factors, num_latents, num_samples=80):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 6, (num_samples, num_factors))
    noise = rng.normal(size=(num_samples, num_latents))
    weights = rng.normal(size=(num_factors, num_latents))
    return factors, np.exp(factors @ weights / 4 + noise)


def best_of_all_matchings(factors, latents, correlate):
    """The mean over factors, of all ways to give each its own latent."""
    table = np.array(
        [[abs(correlate(f, z)) for z in latents.T] for f in factors.T]
    )
    if len(table) > table.shape[1]:
        table = np.pad(table, ((0, 0), (0, len(table) - table.shape[1])))
    rows = np.arange(len(table))
    return max(
        table[rows, list(columns)].mean()
        for columns in itertools.permutations(range(table.shape[1]), len(rows))
    )


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (4, 2), (1, 3), (3, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_against_every_matching(seed, shape):
    factors, latents = mixed(seed, *shape)
    for correlation, correlate in (
        ("pearson", lambda f, z: np.corrcoef(f, z)[0, 1]),
        ("spearman", lambda f, z: spearmanr(f, z).statistic),
    ):
        expected = best_of_all_matchings(factors, latents, correlate)
        actual = mcc_score(factors, latents, correlation=correlation)
        assert actual == pytest.approx(expected, abs=1e-12)


def test_the_best_matching_may_give_a_factor_its_second_best_latent():
    factors = np.stack(np.indices((2, 2)), -1).reshape(-1, 2) * 2 - 1
    latents = factors @ [[1.0, 1.0], [0.5, 0.0]]
    # Correlations: [[2/sqrt(5), 1], [1/sqrt(5), 0]].
    assert mcc_score(factors, latents) == pytest.approx((1 + 5**-0.5) / 2)


def test_ranks_ignore_any_increasing_function():
    factors, latents = mixed(0, 3, 4)
    before, after = (
        mcc_score(factors, table, correlation="spearman")
        for table in (latents, -np.exp(latents))
    )
    assert after == pytest.approx(before, abs=1e-12)
    assert mcc_score(factors, np.exp(latents)) != pytest.approx(
        mcc_score(factors, latents), abs=0.01
    )


def test_fewer_latents_than_factors_leave_some_without():
    factors = np.stack(np.indices((3, 3)), -1).reshape(-1, 2)
    assert mcc_score(factors, factors[:, :1]) == pytest.approx(0.5)
    assert mcc_score(factors[:, :1], factors) == pytest.approx(1.0)


def test_unknown_correlations_are_refused():
    with pytest.raises(ValueError, match=r"\"spearman\".*correlation='rdc'"):
        mcc_score([[0], [1]], [[0], [1]], correlation="rdc")
