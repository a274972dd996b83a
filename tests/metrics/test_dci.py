"""DCI of few samples; its laws and reference values are elsewhere."""

import json
import time

import numpy as np
import pytest

from keras_qlae.metrics import dci_scores

pytestmark = pytest.mark.backend_free


def test_latents_that_split_nothing_have_no_importance():
    factors = [[2], [1], [2], [1], [1]]
    latents = [[1.0], [1.0], [0.0], [0.0], [0.0]]
    result = dci_scores(factors, latents, seed=None)
    assert result.importances.tolist() == [[0.0]]
    assert result.disentanglement == result.completeness == 0.0


def test_few_samples_never_give_nan():
    rng = np.random.default_rng(0)
    for _ in range(60):
        num_samples = rng.integers(5, 17)
        factors = rng.integers(0, 3, (num_samples, 1))
        factors[:2, 0] = [0, 1]
        result = dci_scores(factors, rng.integers(0, 2, (num_samples, 2)))
        assert np.isfinite(result.importances).all()
        assert 0 <= result.disentanglement <= 1


def test_the_order_of_latents_does_not_decide_between_equal_splits():
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 3, (20, 2))
    codes = rng.integers(0, 2, (20, 4))
    expected = dci_scores(factors, codes)
    order = rng.permutation(4)
    actual = dci_scores(factors, codes[:, order])
    np.testing.assert_allclose(
        actual.importances, expected.importances[order], atol=1e-12
    )


def test_five_thousand_samples_take_seconds():
    """Two thousand trees: scikit-learn's take ten times as long."""
    rng = np.random.default_rng(2)
    factors = rng.integers(0, 10, (5000, 2))
    latents = factors @ rng.normal(size=(2, 12)) + rng.normal(size=(5000, 12))
    started = time.process_time()
    dci_scores(factors, latents)
    assert time.process_time() - started < 6


def test_the_result_as_json():
    factors = [[0, 0], [0, 1], [1, 0], [1, 1]] * 8
    result = dci_scores(factors, factors)
    stored = json.loads(json.dumps(result.to_dict()))
    assert stored == {
        "disentanglement": result.disentanglement,
        "completeness": result.completeness,
        "informativeness": 1.0,
        "importances": result.importances.tolist(),
    }
