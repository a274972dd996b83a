"""A data set of your own arrays in memory."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.factor_dataset import Op


class ArrayDataset(FactorDataset):
    """Images or vectors, and factors, in memory; made by `from_arrays`.

    The digest, if there is one, is hashed in place of the images.
    """

    def __init__(
        self,
        name: str,
        images: np.ndarray,
        factors: np.ndarray,
        factor_names: Sequence[str],
        digest: str = "",
    ) -> None:
        super().__init__(
            name=name,
            factor_names=factor_names,
            factor_sizes=factors.max(axis=0) + 1,
            image_shape=images.shape[1:],
        )
        self._all_images = _read_only(images)
        self._all_factors = _read_only(factors)
        self._digest = digest

    def __len__(self) -> int:
        return len(self._all_images)

    def _factors(self, index: np.ndarray) -> np.ndarray:
        factors: np.ndarray = self._all_factors[index]
        return factors

    def _images(self, index: np.ndarray) -> np.ndarray:
        images: np.ndarray = self._all_images[index]
        return images

    def _content(self) -> Iterator[Any]:
        yield self._digest.encode() or np.ascontiguousarray(self._all_images)
        yield np.ascontiguousarray(self._all_factors)

    def _image_op(self) -> Op:
        gather = pipeline.gather_op(self._all_images)
        if not self.has_images:
            return gather
        return pipeline.chain_op(gather, pipeline.unit_op())

    def _factor_op(self) -> Op:
        return pipeline.gather_op(self._all_factors)


def from_arrays(
    images: Any,
    factors: Any = None,
    factor_names: Sequence[str] | None = None,
    name: str = "arrays",
) -> FactorDataset:
    """Makes a data set of your own images or vectors, and factors.

    Args:
        images: Array of shape `(n, height, width, channels)`: uint8, or float
            in `[0, 1]`, which is rounded to the 256 levels of uint8. Or
            vectors, floats of shape `(n, width)`, or sequences of them,
            `(n, length, width)`: finite, of any range and kept as float32
            (the recipes for vectors standardize them). An array of uint8 or
            float32 is used as it is, without a copy.
        factors: Integers of at least 0, of shape `(n, num_factors)`: the
            number of the value of each factor in each image. The number of
            values of a factor is its largest number plus 1. By default no
            factors are known: models can be trained, but not scored.
        factor_names: One name for each factor. Defaults to `factor_0`, ...
        name: Name of the data set, for reports.

    Returns:
        A `FactorDataset`.

    Raises:
        ValueError: If a shape, a type or a value is wrong.

    Example:
        >>> images = np.zeros((6, 16, 16, 1), "uint8")
        >>> factors = [[color, size] for color in (0, 1) for size in (0, 1, 2)]
        >>> dataset = from_arrays(images, factors, ["color", "size"])
        >>> dataset.factor_sizes
        (2, 3)
    """
    images = np.asarray(images)
    if is_of_vectors(images.shape, images.dtype):
        images = check_vectors(images, "`images`")
    else:
        images = check_images(images)
    if factors is None:
        factors = np.zeros((len(images), 0), np.int32)
    else:
        factors = _check_factor_table(np.asarray(factors))
    if len(images) != len(factors):
        raise ValueError(
            "`images` and `factors` must have the same length, a row of "
            f"factors for each image. Received: {len(images)} images, "
            f"{len(factors)} rows of factors"
        )
    num_factors = factors.shape[1]
    if factor_names is None:
        factor_names = [f"factor_{k}" for k in range(num_factors)]
    names = [str(factor) for factor in factor_names]
    if len(names) != num_factors or len(set(names)) != num_factors:
        raise ValueError(
            f"`factor_names` must be {num_factors} different names, one for "
            f"each column of `factors`. Received: factor_names={names}"
        )
    return ArrayDataset(name, images, factors, names)


def is_of_vectors(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array contains vectors, or sequences of vectors.

    Three axes of integers are grey images without their channel axis.
    """
    return len(shape) == 2 or (len(shape) == 3 and dtype.kind == "f")


def check_vectors(vectors: np.ndarray, what: str) -> np.ndarray:
    """Returns vectors as finite float32; messages call them `what`."""
    check_vector_header(vectors.shape, vectors.dtype, what)
    with np.errstate(over="ignore"):
        floats = vectors.astype(np.float32, copy=False)
    for start in range(0, len(floats), 4096):  # no copy of a large array
        is_finite = np.isfinite(floats[start : start + 4096])
        if not is_finite.all():
            is_whole = is_finite.reshape(len(is_finite), -1).all(axis=1)
            raise ValueError(
                f"{what} must be finite as float32: leave rows with missing "
                "values out, or fill them, as with `np.nan_to_num`. Received: "
                f"NaN or infinity in row {start + int(is_whole.argmin())}"
            )
    return floats


def check_vector_header(
    shape: tuple[int, ...], dtype: np.dtype[Any], what: str
) -> None:
    """Raises `ValueError` unless an array may contain vectors."""
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(
            f"{what} must have shape (n, width), one row per example, or (n, "
            "length, width) for sequences, and no axis of length 0. For one "
            "number per example use `vectors[:, None]`. "
            f"Received: shape {shape}"
        )
    if dtype.kind != "f":
        raise ValueError(
            f"{what} of shape {shape} are vectors, and must be float: convert "
            "with `vectors.astype('float32')`. (Images have shape (n, height, "
            f"width, channels).) Received: dtype {dtype}"
        )


def check_images(images: np.ndarray, what: str = "`images`") -> np.ndarray:
    """Returns images as uint8; messages call them `what`."""
    check_header(images.shape, images.dtype, what)
    if images.dtype == np.uint8:
        return images
    low, high = images.min(), images.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"{what}, if float, must be finite. Received: "
            f"{int((~np.isfinite(images)).sum())} values NaN or infinite"
        )
    if low < 0 or high > 1:
        raise ValueError(
            f"{what}, if float, must lie in [0, 1]: divide by 255, or pass "
            f"uint8. Received: values from {low} to {high}"
        )
    levels: np.ndarray = np.rint(images * images.dtype.type(255))
    return levels.astype(np.uint8)


def check_header(
    shape: tuple[int, ...], dtype: np.dtype[Any], what: str
) -> None:
    """Raises `ValueError` unless an array may contain images."""
    if len(shape) != 4 or 0 in shape:
        raise ValueError(
            f"{what} must have shape (n, height, width, channels), and no axis "
            "of length 0. Grey images need a channel axis: "
            "`images[..., None]`. Vectors must be float, of shape (n, width). "
            f"Received: shape {shape}"
        )
    if shape[1] in (1, 3) and min(shape[2:]) > 4:
        raise ValueError(
            f"{what} must have their channels last, (n, height, width, "
            "channels): `np.moveaxis(images, 1, -1)` moves them there. "
            f"Received: shape {shape}"
        )
    if dtype != np.uint8 and not np.issubdtype(dtype, np.floating):
        raise ValueError(
            f"{what} must be uint8, or float in [0, 1]. Convert with "
            "`images.astype('uint8')` if the values lie in [0, 255], or "
            "`255 * images` first if they lie in [0, 1]. Received: dtype "
            f"{dtype}"
        )


def _check_factor_table(factors: np.ndarray) -> np.ndarray:
    """Returns factors as int32."""
    if factors.ndim != 2 or factors.shape[1] == 0:
        raise ValueError(
            "`factors` must have shape (n, num_factors) with at least one "
            "factor; for a single one use `factors[:, None]`, for none leave "
            f"`factors` out. Received: shape {factors.shape}"
        )
    if not np.issubdtype(factors.dtype, np.integer):
        raise ValueError(
            "`factors` must be integers, the numbers of the factors' values; "
            "`np.unique(column, return_inverse=True)[1]` numbers the values "
            f"of a column. Received: dtype {factors.dtype}"
        )
    if factors.size and (factors.min() < 0 or factors.max() >= 2**31 - 1):
        raise ValueError(
            "`factors` must lie in [0, 2 ** 31 - 2]. Received: values from "
            f"{factors.min()} to {factors.max()}"
        )
    return factors.astype(np.int32)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
