"""Conditional InfoMEC cell by cell, where InfoMEC misleads, and its edges."""

import json

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from keras_qlae.metrics import conditional_infomec
from keras_qlae.metrics import infoc_score
from keras_qlae.metrics import infom_score
from keras_qlae.metrics import infomec
from tests.metrics.test_mutual_information import ross_by_definition

pytestmark = pytest.mark.backend_free


def correlated_factors(num_samples=4000, seed=0):
    """Two factors that are equal half of the time, and an independent one."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 3, (num_samples, 3))
    is_equal = rng.random(num_samples) < 0.5
    factors[:, 1] = np.where(is_equal, factors[:, 0], factors[:, 1])
    return factors


def cell_by_cell(factor, others, latent):
    """I(factor; latent | others) and H(factor | others), by definition."""
    _, cell = np.unique(others, axis=0, return_inverse=True)
    shared = total = 0.0
    for value in np.unique(cell):
        inside = cell == value
        share = inside.mean()
        shared += share * mutual_info_score(factor[inside], latent[inside])
        total += share * mutual_info_score(factor[inside], factor[inside])
    return shared, total


def test_counts_against_the_definition():
    rng = np.random.default_rng(1)
    factors = correlated_factors()
    codes = factors @ rng.integers(0, 3, (3, 4)) + rng.integers(0, 2, (4000, 4))
    expected = np.zeros((3, 4))
    for i, j in np.ndindex(3, 4):
        others = np.delete(factors, i, axis=1)
        shared, total = cell_by_cell(factors[:, i], others, codes[:, j])
        expected[i, j] = shared / total
    result = conditional_infomec(factors, codes)
    np.testing.assert_allclose(result.ncmi, expected, atol=1e-9)
    assert result.infom == infom_score(result.ncmi)
    assert result.infoc == infoc_score(result.ncmi)


def test_neighbors_against_the_definition():
    rng = np.random.default_rng(2)
    factors = np.stack(np.indices((3, 2, 4)), -1).reshape(-1, 3)
    latents = factors @ rng.normal(size=(3, 2)) + 0.2 * rng.normal(size=(24, 2))
    unit = (latents - latents.mean(0)) / latents.std(0)
    noise = np.random.default_rng(0).normal(0, 1e-2, (24, 1))
    twice = np.concatenate([unit, unit + noise])
    result = conditional_infomec(factors, latents)
    for i, j in np.ndindex(3, 2):
        # Labels of all factors, and of all but one, a number for each row.
        labels = [
            np.unique(table, axis=0, return_inverse=True)[1]
            for table in (factors, np.delete(factors, i, axis=1))
        ]
        everything, rest = (
            ross_by_definition(np.tile(label, 2), twice[:, j], 2)
            for label in labels
        )
        size = len(np.unique(factors[:, i]))
        expected = np.clip((everything - rest) / np.log(size), 0, 1)
        assert result.ncmi[i, j] == pytest.approx(expected, abs=1e-6)


def test_correlated_factors_are_no_fault_of_the_latents():
    factors = correlated_factors()
    result = conditional_infomec(factors, factors)
    assert result.infom == result.infoc == 1.0
    np.testing.assert_allclose(result.ncmi, np.eye(3), atol=1e-9)
    assert infomec(factors, factors).infom < 0.95


def test_correlated_factors_in_real_numbers():
    factors = correlated_factors()
    latents = factors + np.random.default_rng(3).normal(0, 0.1, factors.shape)
    result = conditional_infomec(factors, latents)
    assert result.infom > 0.9
    assert result.infom > infomec(factors, latents).infom + 0.05


def test_an_exclusive_or_determines_a_factor_given_the_other():
    factors = np.stack(np.indices((2, 2)), -1).reshape(-1, 2)
    latent = factors.sum(axis=1, keepdims=True) % 2
    result = conditional_infomec(factors, latent)
    np.testing.assert_allclose(result.ncmi, [[1.0], [1.0]])
    assert result.infom == 0.0
    assert infomec(factors, latent).nmi.tolist() == [[0.0], [0.0]]


def test_a_latent_of_a_small_range_does_not_count():
    factors = correlated_factors()
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 0.01, (len(factors), 1))
    latents = np.concatenate([factors + noise, 0.07 * noise], axis=1)
    result = conditional_infomec(factors, latents)
    assert result.active.tolist() == [True, True, True, False]
    codes = np.concatenate([10 * factors, factors[:, :1] % 2], axis=1)
    result = conditional_infomec(factors, codes)
    assert result.active.tolist() == [True, True, True, False]


def test_factors_that_others_determine_are_left_out_with_a_warning():
    factors = correlated_factors()[:, [0, 0, 2]]
    with pytest.warns(UserWarning, match=r"\[0, 1\] are left out.*determine"):
        result = conditional_infomec(factors, factors)
    np.testing.assert_array_equal(result.ncmi[:2], 0)
    assert result.ncmi[2, 2] == pytest.approx(1)
    assert result.infom == 1.0


def test_samples_without_others_to_compare_are_named_in_a_warning():
    rng = np.random.default_rng(5)
    factors = rng.integers(0, 40, (300, 3))
    with pytest.warns(
        UserWarning, match="most samples have no neighbours"
    ) as caught:
        conditional_infomec(factors, factors)
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore:Left out the factors")
def test_edges():
    factors = np.stack(np.indices((3, 2)), -1).reshape(-1, 2)
    for table in (np.ones((6, 2), int), np.ones((6, 2))):
        result = conditional_infomec(factors, table)
        assert (result.infom, result.infoc) == (0.0, 0.0)
    assert conditional_infomec(factors, factors[:, :1]).infoc == 1.0
    nothing = conditional_infomec(np.ones((6, 1), int), factors)
    assert (nothing.infom, nothing.infoc) == (0.0, 0.0)


def test_the_result_as_json():
    factors = np.stack(np.indices((3, 2)), -1).reshape(-1, 2)
    result = conditional_infomec(factors, factors).to_dict()
    stored = json.loads(json.dumps(result))
    assert stored.pop("ncmi") == [
        pytest.approx([1.0, 0.0]),
        pytest.approx([0.0, 1.0]),
    ]
    assert stored == {
        **{"infom": 1.0, "infoc": 1.0},
        **{"active": [True, True], "counted": [True, True]},
    }
