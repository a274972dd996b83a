"""Data sets of the user's arrays."""

import numpy as np
import pytest

from keras_qlae.datasets import from_arrays

pytestmark = pytest.mark.backend_free

IMAGES = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 1)
FACTORS = [[0, 4], [1, 0]]


def test_arrays_come_back_as_they_went_in():
    dataset = from_arrays(IMAGES, FACTORS)
    assert dataset.name == "arrays"
    assert dataset.factor_names == ("factor_0", "factor_1")
    assert dataset.factor_sizes == (2, 5)
    assert dataset.image_shape == (3, 3, 1)
    np.testing.assert_array_equal(dataset.images([1, 0]), IMAGES[::-1])
    assert dataset.factors([1, 0]).tolist() == [[1, 0], [0, 4]]


def test_factors_may_be_unknown():
    dataset = from_arrays(IMAGES)
    assert not dataset.has_factors
    assert from_arrays(IMAGES, FACTORS).has_factors
    assert dataset.factor_names == dataset.factor_sizes == ()
    assert dataset.factors([1, 0]).shape == (2, 0)
    assert "no factors" in repr(dataset)
    train, rest = dataset.split(1)
    assert not train.has_factors
    assert len(rest) == 1
    images, factors = next(iter(dataset.as_tf_dataset(2)))
    np.testing.assert_allclose(images, IMAGES / 255)
    assert factors.shape == (2, 0)
    assert (
        next(iter(dataset.as_tf_dataset(2, with_factors=False))).shape[0] == 2
    )


def test_images_are_neither_copied_nor_locked():
    images = IMAGES.copy()
    dataset = from_arrays(images, FACTORS)
    images[0] = 7
    assert (dataset.images([0]) == 7).all()


def test_float_images_are_rounded_to_256_levels():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for dtype in ("float16", "float32", "float64"):
        images = (levels / 255).astype(dtype)
        dataset = from_arrays(images, [[0]])
        np.testing.assert_array_equal(dataset.images([0]), levels)


def test_equal_factors_are_allowed_and_the_first_is_found():
    dataset = from_arrays(IMAGES, [[3], [3]], ["color"])
    assert dataset.index_of([[3]]).tolist() == [0]
    assert dataset.subset([1]).index_of([[3]]).tolist() == [0]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[..., 0], r"channel axis.*shape \(2, 3, 3\)"),
        (np.zeros((2, 3, 8, 9), "uint8"), r"channels last.*moveaxis\(images"),
        (np.zeros((2, 1, 8, 9)), r"channels last.*shape \(2, 1, 8, 9\)"),
        (IMAGES[:0], r"no axis of length 0.*\(0, 3, 3, 1\)"),
        (IMAGES.astype(int), "uint8, or float.*Received: dtype int64"),
        (IMAGES.astype(bool), "Received: dtype bool"),
        (IMAGES.astype("float32"), r"divide by 255.*from 0.0 to 17.0"),
        (-(IMAGES / 255), "must lie in"),
        (np.where(IMAGES == 4, np.nan, 0.5), "1 values NaN or infinite"),
        (np.where(IMAGES == 4, np.inf, 0.5), "1 values NaN or infinite"),
        (IMAGES[:1], "same length.*1 images, 2 rows"),
    ],
)
def test_wrong_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(images, FACTORS)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ([0, 1], r"`factors\[:, None\]`.*shape \(2,\)"),
        ([[], []], "at least one factor"),
        ([[0.0], [1.0]], "np.unique.*Received: dtype float64"),
        ([[0], [-1]], "values from -1 to 0"),
        ([[0], [2**40]], "from 0 to 1099511627776"),
        ([[0]], "2 images, 1 rows of factors"),
    ],
)
def test_wrong_factors_are_refused(factors, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(IMAGES, factors)


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", "b", "c"]])
def test_wrong_names_are_refused(names):
    with pytest.raises(ValueError, match="2 different names"):
        from_arrays(IMAGES, FACTORS, names)
