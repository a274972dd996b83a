"""Mutual information against closed forms and other implementations."""

import numpy as np
import pytest
from scipy.special import digamma

from keras_qlae.metrics import mutual_information
from keras_qlae.metrics import normalized_mutual_information

pytestmark = pytest.mark.backend_free


def informative_latents(seed, num_samples=600, sizes=(3, 7, 11)):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, s, num_samples) for s in sizes], 1)
    noise = rng.normal(size=(num_samples, 4))
    return factors, factors @ rng.normal(size=(3, 4)) + noise


def test_identical_variables_share_their_entropy():
    factors = np.array([[0], [0], [0], [1]])
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert mutual_information(factors, factors) == pytest.approx(expected)
    assert normalized_mutual_information(factors, factors) == 1.0


def test_independent_and_constant_variables_share_exactly_nothing():
    factors = np.repeat(np.arange(7), 15)[:, None]
    codes = np.stack([np.tile(np.arange(5), 21), np.full(105, 2)], axis=1)
    assert mutual_information(factors, codes).tolist() == [[0.0, 0.0]]


def test_a_binary_symmetric_channel_has_its_textbook_capacity():
    sent = np.repeat([0, 1], 10)
    received = np.where(np.arange(20) % 10 == 0, 1 - sent, sent)
    expected = np.log(2) + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
    result = mutual_information(sent[:, None], received[:, None])
    assert result == pytest.approx(expected, abs=1e-12)


def test_counts_against_the_definition():
    rng = np.random.default_rng(0)
    factors = rng.integers(-2, 3, (200, 2))
    codes = (factors @ [[1, 0, 3], [2, 1, -1]]) // 2 * 1000
    expected = np.zeros((2, 3))
    for i, j in np.ndindex(2, 3):
        for f in np.unique(factors[:, i]):
            for z in np.unique(codes[:, j]):
                is_f, is_z = factors[:, i] == f, codes[:, j] == z
                p = np.mean(is_f & is_z)
                if p > 0:
                    expected[i, j] += p * np.log(p / is_f.mean() / is_z.mean())
    result = mutual_information(factors, codes)
    np.testing.assert_allclose(result, expected, atol=1e-12)


def test_labels_far_apart_are_as_good_as_labels_close_together():
    codes = np.array([[-(2**63)], [0], [2**63 - 1], [0]])
    factors = np.array([[0], [1], [2], [1]])
    assert normalized_mutual_information(factors, codes) == 1.0


def ross_by_definition(factor, latent, num_neighbors):
    """The estimator as a loop over samples, with all distances."""
    latent = (latent - latent.mean()) / latent.std()
    distance = np.abs(latent[:, None] - latent)
    is_same = factor[:, None] == factor
    kept = np.flatnonzero(is_same.sum(axis=0) > 1)
    total = 0.0
    for t in kept:
        others = np.sort(distance[t, is_same[t]])[1:]
        k = min(num_neighbors, len(others))
        m = np.sum(distance[t, kept] < others[k - 1])
        total += digamma(k) - digamma(len(others) + 1) - digamma(m)
    return digamma(len(kept)) + total / len(kept)


@pytest.mark.parametrize("num_neighbors", [1, 3, 10, 40, 1000])
def test_nearest_neighbors_against_the_definition(num_neighbors):
    factors, latents = informative_latents(0, num_samples=90)
    factors[:3, 2] = [97, 98, 99]  # unique labels, which are dropped
    expected = [
        [ross_by_definition(f, z, num_neighbors) for z in latents.T]
        for f in factors.T
    ]
    result = mutual_information(factors, latents, num_neighbors=num_neighbors)
    np.testing.assert_allclose(result, np.maximum(expected, 0), atol=1e-10)


@pytest.mark.parametrize("num_neighbors", [1, 3, 10])
def test_nearest_neighbors_against_scikit_learn(num_neighbors):
    from sklearn.feature_selection import mutual_info_classif

    factors, latents = informative_latents(1)
    expected = [
        mutual_info_classif(
            latents, f, n_neighbors=num_neighbors, random_state=0
        )
        for f in factors.T
    ]
    result = mutual_information(factors, latents, num_neighbors=num_neighbors)
    np.testing.assert_allclose(result, expected, atol=1e-8)


def test_nearest_neighbors_find_the_information_of_a_gaussian_shift():
    # Two Gaussians ten deviations apart tell the label almost surely.
    rng = np.random.default_rng(2)
    factors = rng.integers(0, 2, (4000, 1))
    latents = 10.0 * factors + rng.normal(size=(4000, 2)) * [1, 1e6]
    result = mutual_information(factors, latents)
    np.testing.assert_allclose(result, [[np.log(2), 0.0]], atol=0.02)


def test_estimates_stay_within_zero_and_the_entropy():
    factors = np.repeat(np.arange(10), 3)[:, None]
    latents = np.stack([factors[:, 0] + 0.0, np.arange(30) % 3 + 0.5], axis=1)
    result = normalized_mutual_information(factors, latents)
    assert result[0, 0] == 1.0
    assert 0 <= result[0, 1] < 0.2


def test_ties_are_broken_only_by_the_seed():
    rng = np.random.default_rng(3)
    factors = rng.integers(0, 3, (300, 1))
    latents = np.maximum(rng.normal(size=(300, 1)) + factors, 0.5)
    first = mutual_information(factors, latents, seed=1)
    assert first == mutual_information(factors, latents, seed=1)
    assert first != mutual_information(factors, latents, seed=2)
    spread = [mutual_information(factors, latents, seed=s) for s in range(5)]
    assert np.ptp(spread) < 0.05


def test_latents_of_extreme_scale_and_offset_are_standardised():
    factors, latents = informative_latents(4)
    expected = mutual_information(factors, latents)
    extreme = latents * [1e300, 1e-300, 1.0, -1.0] + [0, 0, 1e6, 0]
    result = mutual_information(factors, extreme)
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_two_samples_of_unique_labels_give_no_information():
    result = mutual_information([[0], [1]], [[0.0], [1.0]])
    assert result.tolist() == [[0.0]]
