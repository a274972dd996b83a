"""Data sets by name."""

import importlib
import os
from pathlib import Path
from typing import Any
from typing import cast

from keras_qlae.datasets import cars3d
from keras_qlae.datasets import dsprites
from keras_qlae.datasets import falcor3d
from keras_qlae.datasets import isaac3d
from keras_qlae.datasets import mpi3d
from keras_qlae.datasets import shapes3d
from keras_qlae.datasets import smallnorb
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.folder_dataset import from_folder

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

SPRITES2D = DatasetInfo(
    name="sprites2d",
    summary="White shapes on black; embedded, no download; 64x64 pixels.",
    description=(
        "Binary pictures of a notched square, a drop or a heart, drawn by "
        "this package. Sizes of factors and images are those of dSprites, but "
        "no shape is symmetric under rotation and orientation has one end of "
        "the circle, so that every factor can be identified. Scores are not "
        "comparable with those published for dSprites."
    ),
    factors={
        "shape": 3,
        "scale": 6,
        "orientation": 40,
        "x_position": 32,
        "y_position": 32,
    },
    image_shape=(64, 64, 1),
    options={},
    licence="Apache-2.0, as this package",
    citation=(
        "Drawn by keras-qlae. After: L. Matthey, I. Higgins, D. Hassabis, "
        "A. Lerchner, dSprites, 2017, "
        "https://github.com/google-deepmind/dsprites-dataset"
    ),
    homepage="",
    download_bytes=0,
    loader="keras_qlae.datasets.sprites2d:Sprites2D",
)

_INFOS = {
    dataset.name: dataset
    for dataset in (
        ROOM3D,
        SPRITES2D,
        *mpi3d.INFOS,
        cars3d.INFO,
        dsprites.INFO,
        falcor3d.INFO,
        isaac3d.INFO,
        shapes3d.INFO,
        smallnorb.INFO,
    )
}


def available() -> tuple[str, ...]:
    """Lists the names that `load` knows.

    Returns:
        The names in alphabetical order, those without a download first.
    """
    return tuple(
        sorted(_INFOS, key=lambda name: (bool(_INFOS[name].files), name))
    )


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
            f"{', '.join(available())}; or the path of a folder of images. "
            "Arrays become a data set with `keras_qlae.datasets.from_arrays`. "
            f"Received: name={name!r}"
        )
    return _INFOS[name]


def resolve(name: str) -> str:
    """Makes the name of a data set valid from every working directory.

    Args:
        name: As of `load`.

    Returns:
        The absolute path of a folder; any other name as it is.
    """
    return str(Path(name).resolve()) if _is_folder(name) else name


def options_of(name: str) -> tuple[str, ...]:
    """Names the options that `load` takes for a data set.

    Args:
        name: As of `load`.

    Raises:
        ValueError: If there is no such data set.
    """
    return ("image_size",) if _is_folder(name) else tuple(info(name).options)


def _is_folder(name: str) -> bool:
    return name not in _INFOS and Path(name).is_dir()


def load(name: str, **options: Any) -> FactorDataset:
    """Loads a data set by name, or of a folder of images.

    Args:
        name: One of `available()`, or the path of a folder of images. If
            that holds a table `factors.csv` it is read as by `from_folder`;
            else no factors are known.
        **options: As listed in `info(name).options`; for a folder
            `image_size`, as of `from_folder`.

    Returns:
        The data set.

    Raises:
        ValueError: If there is no such data set or option, or as
            `from_folder` does.
        FileNotFoundError: If it must be prepared first; says how to.

    Example:
        >>> dataset = load("room3d", image_size=32)
        >>> dataset.image_shape
        (32, 32, 3)
    """
    known = options_of(name)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(
            f"The data set `{name}` has no such option. Available: "
            f"{', '.join(known) or 'none'}. "
            f"Received: {', '.join(unknown)}"
        )
    if _is_folder(name):
        table = Path(name, "factors.csv")
        return from_folder(name, table if table.exists() else None, **options)
    entry = info(name)
    if entry.files:
        from keras_qlae.datasets.prepared import load_prepared

        return load_prepared(entry, **options)
    module, _, attribute = entry.loader.partition(":")
    loader = getattr(importlib.import_module(module), attribute)
    return cast(FactorDataset, loader(**options))


def prepare(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int = 64,
    show_progress: bool = True,
) -> Path:
    """Downloads a data set and puts its decoded images on the disk.

    `load` then serves them from there. Called again after a crash, it goes on
    where it stopped; what is prepared is left alone.

    Args:
        name: One of `available()`.
        data_dir: The folder of all data sets; by default
            `$KERAS_QLAE_DATA_DIR`, or else `~/.keras/datasets/keras_qlae`.
        image_size: Height and width of the images. Smaller ones than the
            published are made of those: bicubic, antialiased, clipped.
        show_progress: Whether to draw progress bars.

    Returns:
        The folder of the prepared images.

    Raises:
        ConnectionError: If a file cannot be downloaded; says where to put it.
        OSError: If the disk is or becomes full.
        RuntimeError: If another process is preparing it.
        ValueError: If there is no such data set, it is embedded, or a file
            is damaged or is another one.
    """
    from keras_qlae.datasets import preparing

    return preparing.prepare(info(name), data_dir, image_size, show_progress)
