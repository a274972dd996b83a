"""Data sets by name."""

import dataclasses
import importlib
from typing import Any
from typing import cast

from keras_qlae.datasets.factor_dataset import FactorDataset


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is loaded.

    Attributes:
        name: What `load` takes.
        summary: One line.
        description: What the pictures show, and what to mind when scoring.
        factors: The name and the number of values of each factor, in index
            order.
        image_shape: `(height, width, channels)` of the pictures by default.
        options: What `load` takes besides the name, and what it does.
        licence: The licence of the pictures.
        citation: How to cite the data set.
        homepage: Where it comes from; empty for an embedded data set.
        download_bytes: Size of the download; 0 for an embedded data set.
        loader: `"module:name"` of what makes the data set, imported by
            `load` alone.
    """

    name: str
    summary: str
    description: str
    factors: dict[str, int]
    image_shape: tuple[int, int, int]
    options: dict[str, str]
    licence: str
    citation: str
    homepage: str
    download_bytes: int
    loader: str

    @property
    def num_values(self) -> int:
        """The number of combinations of factors."""
        product = 1
        for size in self.factors.values():
            product *= size
        return product


ROOM3D = DatasetInfo(
    name="room3d",
    summary="A room with an object; embedded, no download; any image size.",
    description=(
        "A room with a floor, walls and one object, drawn by the ray caster "
        "of this package. Factors, their order and their values are those of "
        "3D Shapes (Burgess and Kim, 2018), the pictures are not: scores are "
        "not comparable with those published for 3D Shapes."
    ),
    factors={
        "floor_hue": 10,
        "wall_hue": 10,
        "object_hue": 10,
        "scale": 8,
        "shape": 4,
        "orientation": 15,
    },
    image_shape=(64, 64, 3),
    options={
        "image_size": (
            "height and width, at least 8 (default 64); 32 and 64 are in the "
            "package, others are cast at first use"
        )
    },
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: C. Burgess and H. Kim, 3D Shapes "
        "Dataset, 2018, https://github.com/google-deepmind/3d-shapes"
    ),
    homepage="",
    download_bytes=0,
    loader="keras_qlae.datasets.room3d:Room3D",
)

_INFOS = {dataset.name: dataset for dataset in (ROOM3D,)}


def available() -> tuple[str, ...]:
    """Lists the names that `load` knows.

    Returns:
        The names in alphabetical order.
    """
    return tuple(sorted(_INFOS))


def info(name: str) -> DatasetInfo:
    """Tells what is known of a data set, without loading it.

    Args:
        name: One of `available()`.

    Returns:
        Its factors, licence, citation and so on.

    Raises:
        ValueError: If there is no such data set.
    """
    if name not in _INFOS:
        raise ValueError(
            f"There is no data set of this name. Available: "
            f"{', '.join(available())}. Your own images and factors become a "
            f"data set with `keras_qlae.datasets.from_arrays`. "
            f"Received: name={name!r}"
        )
    return _INFOS[name]


def load(name: str, **options: Any) -> FactorDataset:
    """Loads a data set by name.

    Args:
        name: One of `available()`.
        **options: As listed in `info(name).options`.

    Returns:
        The data set.

    Raises:
        ValueError: If there is no such data set or option.

    Example:
        >>> dataset = load("room3d", image_size=32)
        >>> dataset.image_shape
        (32, 32, 3)
    """
    entry = info(name)
    unknown = sorted(set(options) - set(entry.options))
    if unknown:
        raise ValueError(
            f"The data set `{name}` has no such option. Available: "
            f"{', '.join(entry.options) or 'none'}. "
            f"Received: {', '.join(unknown)}"
        )
    module, _, attribute = entry.loader.partition(":")
    loader = getattr(importlib.import_module(module), attribute)
    return cast(FactorDataset, loader(**options))
