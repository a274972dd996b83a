"""InfoE against converged fits, and where no best fit exists."""

import time

import numpy as np
import pytest

from keras_qlae.metrics import features
from keras_qlae.metrics import infoe_score
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.standardize import standardize

pytestmark = pytest.mark.backend_free


def scikit_learn_infoe(factors, columns):
    """The definition, by fits that are run to convergence."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    scores = []
    for factor in factors.T:
        model = LogisticRegression(
            C=np.inf, class_weight="balanced", tol=1e-7, max_iter=5000
        )
        fitted = model.fit(columns, factor)
        null = np.log(len(fitted.classes_))
        cross_entropy = log_loss(factor, fitted.predict_proba(columns))
        scores.append(max(0.0, 1 - cross_entropy / null))
    return np.mean(scores)


def one_hot(codes):
    return np.concatenate([np.eye(c.max() + 1)[c] for c in codes.T], axis=1)


def skewed_sample(seed, num_samples=3000):
    """Factors whose values are of very different frequency."""
    rng = np.random.default_rng(seed)
    frequency = 0.5 ** np.arange(5)
    frequency /= frequency.sum()
    factors = rng.choice(5, (num_samples, 3), p=frequency)
    factors[:, 2] %= 2
    noisy = factors @ rng.normal(size=(3, 4)) + rng.normal(
        size=(num_samples, 4)
    )
    return factors, noisy


def test_continuous_latents_against_converged_fits():
    factors, latents = skewed_sample(0)
    latents[:, 3] = latents[:, 0] + 1e-2 * latents[:, 3]  # nearly the same
    scaled = (latents - latents.mean(0)) / latents.std(0)
    expected = scikit_learn_infoe(factors, scaled)
    assert infoe_score(factors, latents) == pytest.approx(expected, abs=2e-4)


def test_discrete_latents_against_converged_fits():
    factors, noisy = skewed_sample(1)
    codes = np.digitize(noisy, [-1, 0, 1, 2])
    expected = scikit_learn_infoe(factors, one_hot(codes))
    assert infoe_score(factors, codes) == pytest.approx(expected, abs=2e-4)


def test_sparse_and_whitened_one_hot_features_agree(monkeypatch):
    factors, noisy = skewed_sample(2)
    codes = np.digitize(noisy, [-1, 0, 1, 2])
    expected = infoe_score(factors, codes)
    monkeypatch.setattr(features, "_MAX_WHITENED", 1)
    built = features.one_hot_features(columns_to_labels(codes))
    assert isinstance(built, features.SparseFeatures)
    assert infoe_score(factors, codes) == pytest.approx(expected, abs=1e-4)


def test_whitened_features_are_uncorrelated_with_a_constant_last():
    rng = np.random.default_rng(3)
    latents = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3)) + 5
    latents = np.concatenate([latents, latents[:, :1], 0 * latents], axis=1)
    matrix = features.whitened_features(standardize(latents)).logits(
        np.eye(4, dtype=np.float32)
    )
    # -> (3 independent directions and a constant, 500)
    np.testing.assert_allclose(matrix @ matrix.T / 500, np.eye(4), atol=1e-5)
    np.testing.assert_array_equal(matrix[3], 1)


@pytest.mark.parametrize("num_values", [2, 5, 40])
@pytest.mark.parametrize("discrete", [True, False])
def test_a_perfect_code_scores_one_in_little_time(num_values, discrete):
    rng = np.random.default_rng(4)
    factors = rng.integers(0, num_values, (2000, 2))
    latents = rng.permutation(num_values)[factors]
    if not discrete:  # linearly separable: points on a circle
        angle = 2 * np.pi * factors[:, :1] / num_values
        factors = factors[:, :1]
        latents = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    started = time.process_time()
    score = infoe_score(factors, latents, discrete)
    assert time.process_time() - started < 5
    assert 0.998 < score <= 1


def test_latents_without_information_score_about_zero():
    rng = np.random.default_rng(5)
    factors = rng.integers(0, 4, (5000, 2))
    assert infoe_score(factors, rng.normal(size=(5000, 3))) < 0.01
    assert infoe_score(factors, np.full((5000, 2), 7)) == 0.0
    assert infoe_score(factors, np.full((5000, 2), 0.7)) == 0.0


def test_a_factor_worse_than_chance_counts_zero():
    # Balanced weights let two samples of a rare value pull the fit away from
    # the many others, which the unweighted score then counts.
    factors = np.repeat([1, 0], [2, 98])[:, None]
    latents = np.tile([-0.5, 0.5], 50)[:, None]
    latents[:2] = [[1], [0]]
    latents[-2:] = 10
    assert infoe_score(factors, latents, discrete=False) == 0.0


@pytest.mark.filterwarnings("ignore:Left out")
def test_no_factor_that_varies_scores_zero():
    assert infoe_score([[1], [1]], [[0], [1]]) == 0.0


def test_two_samples_are_separable():
    assert infoe_score([[0], [1]], [[0.3], [0.4]]) > 0.998
    assert infoe_score([[0], [1]], [[8], [3]]) > 0.998


def test_the_result_is_the_same_to_the_last_bit_each_time():
    factors, latents = skewed_sample(6, num_samples=12_000)
    first = infoe_score(factors, latents)
    assert all(first == infoe_score(factors, latents) for _ in range(3))


@pytest.mark.parametrize("seed", [357, 104])
def test_the_order_of_columns_and_the_names_of_values_change_no_bit(seed):
    """A flat fit ends where rounding leads it: here 2e-3 apart once."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, rng.integers(2, 8), (75, rng.integers(1, 5)))
    num_latents = rng.integers(1, 9)
    weights = rng.normal(size=(factors.shape[1], num_latents))
    latents = factors @ weights + 0.1 * rng.normal(size=(75, num_latents))
    for table in (latents, latents.round().astype(int)):
        expected = infoe_score(factors, table)
        for _ in range(5):
            renamed = rng.permutation(8)[factors]
            actual = infoe_score(
                renamed[:, rng.permutation(factors.shape[1])],
                table[:, rng.permutation(num_latents)],
            )
            assert actual == expected
    codes = latents.round().astype(int)
    assert infoe_score(factors, 7 - 2 * codes) == infoe_score(factors, codes)


def test_more_latents_than_samples_take_little_time():
    rng = np.random.default_rng(7)
    factors = rng.integers(0, 5, (200, 3))
    started = time.process_time()
    score = infoe_score(factors, rng.normal(size=(200, 5000)))
    assert time.process_time() - started < 5
    assert score > 0.998  # as many weights as samples: separable


def test_a_rotation_of_latents_changes_nothing():
    """Also where there are more of them than samples."""
    rng = np.random.default_rng(8)
    factors = rng.integers(0, 3, (40, 2))
    latents = rng.normal(size=(40, 5))
    expected = infoe_score(factors, latents)
    wide = np.concatenate([latents] * 10, axis=1)
    assert infoe_score(factors, wide) == pytest.approx(expected, abs=1e-4)
