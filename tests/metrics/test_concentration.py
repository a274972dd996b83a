"""InfoM and InfoC of tables that a reader can score by hand."""

import numpy as np
import pytest

from keras_qlae.metrics import infoc_score
from keras_qlae.metrics import infom_score

pytestmark = pytest.mark.backend_free


def test_one_latent_for_each_factor_is_perfect():
    assert infom_score(np.eye(4)) == 1.0
    assert infoc_score(np.eye(4)) == 1.0


def test_latents_with_equal_information_on_all_factors_score_zero():
    assert infom_score(np.full((4, 3), 0.2)) == 0.0
    assert infoc_score(np.full((4, 3), 0.2)) == 0.0


def test_two_latents_for_one_factor_are_modular_but_not_compact():
    nmi = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    assert infom_score(nmi) == 1.0
    # Mean share (1/2 + 1) / 2 = 3/4; chance 1/3.
    assert infoc_score(nmi) == pytest.approx((3 / 4 - 1 / 3) / (2 / 3))


def test_one_latent_for_two_factors_is_compact_but_not_modular():
    nmi = [[0.6, 0.0], [0.2, 0.0], [0.0, 0.9]]
    # Mean share (3/4 + 1) / 2 = 7/8; chance 1/3.
    assert infom_score(nmi) == pytest.approx((7 / 8 - 1 / 3) / (2 / 3))
    assert infoc_score(nmi) == 1.0


def test_inactive_latents_are_not_counted():
    nmi = np.array([[1.0, 0.0, 0.3], [0.0, 1.0, 0.3]])
    mask = np.array([True, True, False])
    assert infom_score(nmi, mask) == infoc_score(nmi, mask) == 1.0
    assert infom_score(nmi) < 1
    assert infoc_score(nmi) < 1


def test_rows_without_information_count_as_chance():
    nmi = [[0.7, 0.0], [0.0, 0.0]]
    assert infom_score(nmi) == infoc_score(nmi) == pytest.approx(0.5)
    assert infom_score(np.zeros((3, 4))) == infoc_score(np.zeros((3, 4))) == 0


def test_edges():
    column, row = [[0.2], [0.4]], [[0.2, 0.4]]
    assert infoc_score(column) == 1.0
    assert infom_score(row) == 1.0
    for score in (infom_score, infoc_score):
        assert score(row, [False, False]) == 0.0
        assert score(np.zeros((0, 3))) == 0.0
        assert score(np.zeros((3, 0))) == 0.0


@pytest.mark.parametrize("score", [infom_score, infoc_score])
@pytest.mark.parametrize("nmi", [[0.1, 0.2], [[-0.1]], [[np.nan]], [[np.inf]]])
def test_bad_tables_are_refused(score, nmi):
    with pytest.raises(ValueError, match="`nmi` must be a table of finite"):
        score(nmi)


@pytest.mark.parametrize("score", [infom_score, infoc_score])
@pytest.mark.parametrize("mask", [[True], [1, 0]])
def test_bad_masks_are_refused(score, mask):
    with pytest.raises(ValueError, match="`is_active` must be boolean"):
        score(np.eye(2), mask)
