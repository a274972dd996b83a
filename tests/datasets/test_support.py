"""Correlated and missing factors: which images there are, and are scored."""

import itertools

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.datasets.support import check_support
from keras_qlae.datasets.support import is_foreign

pytestmark = pytest.mark.backend_free

SIZES = (2, 4, 3, 2, 3, 3)
NAMES = ["a", "b", "c", "d", "e", "f"]
GRID = np.array(list(itertools.product(*map(range, SIZES))))


@pytest.fixture(scope="module")
def data():
    images = np.zeros((len(GRID), 8, 8, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(GRID)) % 256
    images[:, 0, 1, 0] = np.arange(len(GRID)) // 256
    return datasets.from_arrays(images, GRID, NAMES, name="grid")


def factors(dataset):
    return dataset.factors(np.arange(len(dataset)))


def rows(table):
    return sorted(map(tuple, table.tolist()))


# The rules of the code published with the paper, combination by combination.
KEPT = {
    "full": lambda s: True,
    "corner:6": lambda s: sum(s) >= 6,
    "corner:3:b,d": lambda s: s[1] + s[3] >= 3,
    "diagonal_remove:0": lambda s: not s[1] == s[2] <= 0,
    "diagonal_remove:1": lambda s: not s[1] == s[2] <= 1,
    "diagonal_remove:2:a, e": lambda s: not s[0] == s[4] <= 2,
}


@pytest.mark.parametrize("support", KEPT)
def test_combinations_that_are_left(data, support):
    wanted = [s for s in GRID.tolist() if KEPT[support](s)]
    assert 0 < len(wanted) <= len(GRID)
    assert factors(data.with_support(support)).tolist() == wanted


def test_strengthened_combinations_come_more_often(data):
    found = factors(data.with_support("diagonal_strengthen:50"))
    values, counts = np.unique(found, axis=0, return_counts=True)
    assert rows(values) == rows(GRID)
    assert counts.sum() == len(GRID) + 50
    is_equal = (values[:, [1, 2, 4, 5]] == values[:, 1:2]).all(axis=1)
    assert (counts[~is_equal] == 1).all()
    assert counts[is_equal].max() > 1
    again = factors(data.with_support("diagonal_strengthen:50"))
    np.testing.assert_array_equal(found, again)


def test_of_few_factors_all_are_taken():
    table = GRID[:, :2]
    data = datasets.from_arrays(np.zeros((len(GRID), 8, 8, 1)), table, "ab")
    left = factors(data.with_support("diagonal_remove:0"))
    assert not (left == 0).all(axis=1).any()
    assert len(left) == len(table) * 7 // 8
    one = datasets.from_arrays(np.zeros((4, 8, 8, 1)), GRID[:4, -1:], "a")
    with pytest.raises(ValueError, match="needs two different ones"):
        one.with_support("diagonal_remove:0")


def test_a_function_of_ones_own(data):
    kept = factors(data.with_support(lambda s: s[:, 0] == 1))
    assert (kept[:, 0] == 1).all()
    assert len(kept) == len(GRID) // 2
    doubled = factors(data.with_support(lambda s: 2 * (s[:, 0] == 1)))
    assert len(doubled) == len(GRID)
    assert rows(doubled[::2]) == rows(doubled[1::2]) == rows(kept)


@pytest.mark.parametrize(
    "support", ["corner:5", "diagonal_remove:1", "diagonal_strengthen:90"]
)
@pytest.mark.parametrize("scored_support", ["same", "full"])
def test_scored_images_are_held_out(data, support, scored_support):
    train, scored = data.split(
        60, support=support, scored_support=scored_support
    )
    supported = rows(factors(data.with_support(support)))
    trained, held_out = rows(factors(train)), rows(factors(scored))
    assert not set(trained) & set(held_out)
    assert len(set(held_out)) == 60
    if scored_support == "same":
        assert sorted(trained + held_out) == supported
    else:
        assert trained == [s for s in supported if s not in set(held_out)]
        assert len(held_out) == 60
    again = data.split(60, support=support, scored_support=scored_support)
    assert rows(factors(again[1])) == held_out


def test_the_papers_protocol_trains_on_scored_images(data):
    train, scored = data.split(60, protocol="paper", support="corner:6")
    supported = rows(factors(data.with_support("corner:6")))
    assert rows(factors(train)) == supported
    assert set(rows(factors(scored))) <= set(supported)


def test_the_full_support_is_the_usual_split(data):
    for one, other in zip(
        data.split(60), data.split(60, support="full"), strict=True
    ):
        np.testing.assert_array_equal(factors(one), factors(other))
    with pytest.raises(
        ValueError, match=r"than 432, the number.*validation=432"
    ):
        data.split(432)


@pytest.mark.parametrize(
    ("support", "message"),
    [
        ("cornr:6", "Did you mean 'corner'"),
        ("diagonal-remove:1", "Did you mean 'diagonal_remove'"),
        ("corner", "whole number from 0.*support='corner'"),
        ("corner:-1", "whole number from 0"),
        ("corner:1.5", "whole number from 0"),
        ("corner:6:", "must be one of 'full'"),
        ("diagonal_strengthen:99999999", "from 0 to 10,000,000"),
        ("", "must be one of 'full'"),
        ("corner:mine", "whole number"),
    ],
)
def test_texts_that_are_no_support(data, support, message):
    for refuse in (check_support, data.with_support):
        with pytest.raises(ValueError, match=message):
            refuse(support)


@pytest.mark.parametrize(
    ("support", "message"),
    [
        ("corner:60", r"leaves no image.*sum of at most 11.*'corner:60'"),
        ("corner:1:bb", "no factor `bb`"),
        ("diagonal_remove:1:a,a", "two different ones"),
        (lambda s: s[:, 0] > 7, "leaves no image"),
        (lambda s: s[:, 0] / 2, "one for each image: booleans.*float64"),
        (lambda s: [True], r"return 432 values.*shape \(1,\)"),
        (lambda s: -s[:, 0], "at least 0"),
        (lambda s: s[:, 0] * 10**6, "may add 10,000,000 images"),
    ],
)
def test_supports_that_do_not_fit_the_data_set(data, support, message):
    with pytest.raises(ValueError, match=message):
        data.with_support(support)


def test_images_without_factors_have_no_support():
    data = datasets.from_arrays(np.zeros((20, 8, 8, 1), np.uint8))
    with pytest.raises(
        ValueError, match="factors of the data set are not known"
    ):
        data.with_support("corner:6")
    assert len(data.with_support("full")) == 20


def test_a_support_that_the_scored_images_take_up_is_refused(data):
    def only(s):
        return (s == 0).all(axis=1)

    with pytest.raises(
        ValueError, match=r"than 1, the number.*some must remain"
    ):
        data.split(1, support=only)
    with pytest.raises(ValueError, match="some must remain for training"):
        data.split(431, support=only, scored_support="full")


def test_import_paths():
    for path in ("mine:keep", "my.module:keep_some", "_a:b"):
        assert is_foreign(path)
        check_support(path)
    for text in ("full", "corner:6", "corner:keep", "a:6", "a b:c", "a:b:c"):
        assert not is_foreign(text)
