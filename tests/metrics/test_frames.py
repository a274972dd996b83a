"""Columns of data frames: of pandas if it is installed, and of a fake."""

import warnings

import numpy as np
import pytest

from keras_qlae.metrics import infomec
from keras_qlae.metrics import linear_r2_score
from keras_qlae.metrics import mcc_score
from keras_qlae.metrics import mutual_information
from keras_qlae.metrics.arrays import check_factors

pytestmark = pytest.mark.backend_free

COLORS = ["red", "green", "red", "blue", "green", "red"]
SIZES = [4, 2, 4, 4, 2, 2]
FACTORS = np.array([[2, 1, 2, 0, 1, 2], SIZES]).T


class Column:
    """A fake of the common interface of columns of data frames."""

    def __init__(self, values, is_missing=None):
        self._values = np.array(values)
        self._is_missing = np.array(is_missing or [False] * len(values))

    def __array__(self, dtype=None, copy=None):
        return self._values

    def is_null(self):
        return self._is_missing


class Frame(dict):
    """A minimal data frame."""

    @property
    def columns(self):
        return list(self)


def test_strings_and_integers_of_any_frame():
    frame = Frame(color=Column(COLORS), size=Column(SIZES))
    expected = mutual_information(FACTORS, FACTORS)
    np.testing.assert_array_equal(mutual_information(frame, FACTORS), expected)


def test_text_among_the_latents_is_refused_with_its_column():
    latents = Frame(size=Column(SIZES), file=Column(COLORS))
    with pytest.raises(TypeError, match=r"`latents`.*'red'.*column 'file'"):
        infomec(FACTORS, latents)


def test_objects_that_are_integers():
    frame = Frame(size=Column(np.array(SIZES, dtype=object)))
    expected = mutual_information(FACTORS[:, 1:], FACTORS)
    np.testing.assert_array_equal(mutual_information(frame, FACTORS), expected)


def test_missing_values_are_refused_with_their_column():
    frame = Frame(size=Column(SIZES, [False] * 4 + [True] * 2))
    with pytest.raises(ValueError, match=r"`factors`.*2 missing.*'size'"):
        infomec(frame, FACTORS)


def test_columns_that_are_neither_numbers_nor_text_are_refused():
    times = np.array(SIZES, "datetime64[D]")
    with pytest.raises(TypeError, match=r"datetime64.*column 'time'"):
        infomec(Frame(time=Column(times)), FACTORS)


def test_a_frame_without_columns_is_refused():
    with pytest.raises(ValueError, match="`factors` must"):
        infomec(Frame(), FACTORS)


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas")


def test_strings_categories_and_nullable_integers_of_pandas(pandas):
    frame = pandas.DataFrame(
        {
            "color": COLORS,
            "kind": pandas.Categorical(COLORS, ["red", "green", "blue"]),
            "size": pandas.array(SIZES, dtype="Int64"),
            "is_small": pandas.array([s < 3 for s in SIZES], dtype="boolean"),
        }
    )
    expected = np.column_stack(
        [FACTORS[:, :1], 2 - FACTORS[:, :1], SIZES, np.array(SIZES) < 3]
    )
    latents = np.arange(6)[:, None] % 4
    np.testing.assert_array_equal(
        mutual_information(frame, latents),
        mutual_information(expected, latents),
    )
    numbers = frame.drop(columns="color")
    assert infomec(frame, numbers).to_dict() == (
        infomec(expected, expected[:, 1:]).to_dict()
    )


def test_missing_values_of_pandas_are_refused(pandas):
    sizes = pandas.array([*SIZES[:5], None], dtype="Int64")
    for column in (sizes, pandas.Categorical([*COLORS[:5], None])):
        frame = pandas.DataFrame({"broken": column})
        with pytest.raises(ValueError, match=r"1 missing in the.*'broken'"):
            infomec(frame, FACTORS)


def test_columns_of_one_name_are_refused(pandas):
    frame = pandas.DataFrame([[1, 2], [2, 3]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"different names.*\['a', 'a'\]"):
        infomec(frame, [[0], [1]])


def test_arrays_of_strings_are_numbered_as_frames_are():
    table = np.array([["red", "a"], ["blue", "b"], ["red", "b"]])
    expected = [[1, 0], [0, 1], [1, 1]]
    for array in (table, table.astype(object), table.tolist()):
        np.testing.assert_array_equal(check_factors(array), expected)
    mixed = np.array([["red", 3], ["blue", 5], ["red", 4]], object)
    np.testing.assert_array_equal(
        check_factors(mixed), [[1, 3], [0, 5], [1, 4]]
    )


def test_the_advice_for_one_column_names_its_own_method(pandas):
    series = pandas.Series(SIZES)
    with pytest.raises(ValueError, match=r"pass `factors\.to_frame\(\)`"):
        check_factors(series)
    check_factors(series.to_frame())
    with pytest.raises(ValueError, match=r"`factors\.reshape\(-1, 1\)`"):
        check_factors(np.array(SIZES))


def test_few_float_values_are_to_be_numbered_and_many_binned():
    levels = np.array([0.1, 0.2, 0.5] * 10)[:, None]
    with pytest.raises(ValueError, match=r"its 3 values with `np\.unique"):
        check_factors(levels)
    with pytest.raises(ValueError, match=r"np\.digitize"):
        check_factors(np.linspace(0, 1, 30)[:, None])


@pytest.mark.parametrize("score", [mcc_score, linear_r2_score])
def test_scores_of_ordered_numbers_warn_of_categories(score, pandas):
    latents = np.arange(6)[:, None] % 4
    ordered = pandas.Categorical(COLORS, ["red", "green", "blue"], ordered=True)
    for factors in (
        np.array(COLORS)[:, None],
        pandas.DataFrame({"a": COLORS}),
        pandas.DataFrame({"a": pandas.Categorical(COLORS)}),
    ):
        with pytest.warns(UserWarning, match="in alphabetical order"):
            score(factors, latents)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(pandas.DataFrame({"a": ordered}), latents)
        score(np.array(SIZES)[:, None], latents)
