"""The trees against scikit-learn's, which find every split exactly."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from keras_qlae.metrics import boosted_trees
from keras_qlae.metrics.labels import to_labels

pytestmark = pytest.mark.backend_free

NUM_FIT = 600


def sample(num_values, seed=0, num_samples=800):
    """A factor, and three latents that depend on it."""
    rng = np.random.default_rng(seed)
    factor = rng.integers(0, num_values, num_samples)
    noise = rng.normal(size=(num_samples, 3))
    return factor, factor[:, None] * [1.0, 0.3, 0.0] + noise


def both(factor, latents, num_fit=NUM_FIT):
    bins = boosted_trees.to_bins(latents, num_fit)
    ours = boosted_trees.boost(bins, to_labels(factor[:num_fit]))
    model = GradientBoostingClassifier(random_state=0)
    model.fit(latents[:num_fit], factor[:num_fit])
    theirs = model.feature_importances_, model.predict(latents[num_fit:])
    return ours, theirs


@pytest.mark.parametrize("num_values", [2, 3, 7])
def test_codes_are_split_as_scikit_learn_splits_them(num_values):
    factor, latents = sample(num_values)
    (ours, predicted), (theirs, expected) = both(factor, latents.round())
    # Between equal splits chance decides there.
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    assert np.mean(predicted == expected) > 0.98


@pytest.mark.parametrize("num_values", [2, 5])
def test_real_numbers_are_split_nearly_so(num_values):
    # Of the noise that trees fit to few samples more depends on the bins.
    factor, latents = sample(num_values, num_samples=4000)
    (ours, predicted), (theirs, expected) = both(factor, latents, 3000)
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    assert np.mean(predicted == factor[3000:]) == pytest.approx(
        np.mean(expected == factor[3000:]), abs=0.02
    )


def test_few_values_have_a_bin_each_and_many_have_bins_of_equal_counts():
    few = np.array([[0.5], [2.0], [-1.0], [2.0], [1.4]])
    assert boosted_trees.to_bins(few, 4).tolist() == [[1, 2, 0, 2, 2]]
    many = np.random.default_rng(0).normal(size=(2550, 1))
    bins = boosted_trees.to_bins(many, 2550)[0]
    counts = np.bincount(bins)
    assert len(counts) == 255
    assert counts.min() >= 9
    assert counts.max() <= 11
    order = np.argsort(many[:, 0])
    assert (np.diff(bins[order].astype(int)) >= 0).all()


def test_many_latents_have_fewer_bins():
    many = np.random.default_rng(0).normal(size=(40, 5000))
    assert boosted_trees.to_bins(many, 40).max() == 15


def test_copies_of_a_latent_share_its_importance():
    factor, latents = sample(3)
    copied = np.concatenate([latents, 5 - 2 * latents[:, :1]], axis=1).round(6)
    (once, _), (twice, _) = (
        boosted_trees.boost(
            boosted_trees.to_bins(table, NUM_FIT), to_labels(factor[:NUM_FIT])
        )
        for table in (latents.round(6), copied)
    )
    assert twice[0] == pytest.approx(twice[3], abs=0.02)
    assert twice[0] + twice[3] == pytest.approx(once[0], abs=0.02)


def test_groups_of_classes_grow_the_same_trees(monkeypatch):
    factor, latents = sample(6)
    bins = boosted_trees.to_bins(latents, NUM_FIT)
    target = to_labels(factor[:NUM_FIT])
    expected, predicted = boosted_trees.boost(bins, target)
    monkeypatch.setattr(boosted_trees, "_GROUP_SIZE", 1)
    importances, again = boosted_trees.boost(bins, target)
    np.testing.assert_allclose(importances, expected, atol=1e-5)
    assert np.mean(again == predicted) > 0.99


def test_nothing_to_split_has_no_importance():
    target = to_labels(np.array([2, 1, 2, 1]))
    for column in ([1.0, 1.0, 0.0, 0.0, 0.0], [3.0] * 5):
        bins = boosted_trees.to_bins(np.array(column)[:, None], 4)
        importances, predicted = boosted_trees.boost(bins, target)
        assert importances.tolist() == [0.0]
        assert predicted.shape == (1,)
