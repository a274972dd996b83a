"""Data sets by name."""

import os
from pathlib import Path
from typing import Any

from keras_qlae.datasets import archives
from keras_qlae.datasets import tfds_dataset
from keras_qlae.datasets.arm3d import dataset as arm3d
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.folder_dataset import from_folder
from keras_qlae.datasets.npz_dataset import SUFFIX
from keras_qlae.datasets.npz_dataset import from_npz
from keras_qlae.datasets.prepared import load_prepared
from keras_qlae.datasets.published import cars3d
from keras_qlae.datasets.published import deepmind
from keras_qlae.datasets.published import mpi3d
from keras_qlae.datasets.published import nvlabs
from keras_qlae.datasets.published import smallnorb
from keras_qlae.datasets.room3d import dataset as room3d
from keras_qlae.datasets.room3d import nuisance
from keras_qlae.datasets.sprites2d import dataset as sprites2d
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.datasets.tfds_names import parse_tfds
from keras_qlae.hints import UnknownNameError
from keras_qlae.hints import hint

_INFOS = {
    dataset.name: dataset
    for dataset in (
        arm3d.INFO,
        room3d.INFO,
        nuisance.INFO,
        sprites2d.INFO,
        *mpi3d.INFOS,
        cars3d.INFO,
        deepmind.DSPRITES,
        deepmind.SHAPES3D,
        nvlabs.FALCOR3D,
        nvlabs.ISAAC3D,
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
    """Returns the description of a data set without loading it.

    Args:
        name: One of `available()`.

    Returns:
        Its factors, licence, citation and so on.

    Raises:
        ValueError: If there is no such data set.
    """
    if is_tfds(name):
        raise ValueError(
            "This data set of TensorFlow Datasets is described at "
            "https://www.tensorflow.org/datasets/catalog/"
            f"{parse_tfds(name).name}. Received: {name!r}"
        )
    if name.lower().endswith((SUFFIX, archives.SUFFIX)):
        raise UnknownNameError(f"There is no file {name!r}.")
    if name not in _INFOS:
        raise UnknownNameError(
            f"There is no data set of this name.{hint(name, _INFOS)} "
            f"Available: {', '.join(available())}; or the path of a folder or "
            "a ZIP archive of images, or of an .npz file of arrays. In Python "
            "arrays become a data set with "
            "`keras_qlae.datasets.from_arrays`. "
            f"Received: {name!r}"
        )
    return _INFOS[name]


def resolve(name: str) -> str:
    """Makes the name of a data set valid from every working directory.

    Of a folder, a ZIP archive or an `.npz` file it is the absolute path.
    """
    return str(Path(name).resolve()) if is_path(name) else name


def options_of(name: str) -> tuple[str, ...]:
    """Names the options that `load` takes for a data set."""
    if is_tfds(name):
        parse_tfds(name)
        return tfds_dataset.OPTIONS
    return ("image_size",) if is_path(name) else tuple(info(name).options)


def is_path(name: str) -> bool:
    """Whether a name is that of a folder, a ZIP archive or an `.npz` file."""
    # An empty name would be the current folder.
    if name in _INFOS or name == "":
        return False
    is_file = name.lower().endswith((SUFFIX, archives.SUFFIX))
    return Path(name).is_dir() or (is_file and os.path.lexists(name))


def load(name: str, **options: Any) -> FactorDataset:
    """Loads a data set by name, or from your own images or arrays.

    Args:
        name: One of `available()`; or the path of a folder or a ZIP archive
            of images, read with `from_folder`, and with its table
            `factors.csv` if it has one; or the path of an `.npz` file, read
            with `from_npz`; or `tfds:NAME`, a prepared data set of TensorFlow
            Datasets, as in `from_tfds`.
        **options: As listed in `info(name).options`; for a path `image_size`,
            as in `from_folder` and `from_npz`.

    Returns:
        The data set.

    Raises:
        ValueError: If there is no such data set or option, or as in
            `from_folder` and `from_npz`.
        FileNotFoundError: If it must be prepared first.

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
    if is_tfds(name):
        return tfds_dataset.load_tfds(name, **options)
    if is_path(name):
        if name.lower().endswith(SUFFIX) and not Path(name).is_dir():
            return from_npz(name, **options)
        return from_folder(name, **options)
    entry = info(name)
    if entry.make is not None:
        return entry.make(**options)
    return load_prepared(entry, **options)


def register_with_tfds() -> None:
    """Registers `mpi3d`, `falcor3d` and `isaac3d` with `tfds.load`.

    Use it for your own pipelines: `load` does not need it. Afterwards
    `tfds.load("mpi3d/toy")` works as for any data set of TensorFlow Datasets.
    Features are `image` and, for each factor, `label_<factor>`.
    """
    try:
        from keras_qlae.datasets import tfds_builders  # noqa: F401 - registers
    except ModuleNotFoundError as error:
        raise ImportError(
            f"TensorFlow Datasets needs {error.name}: pip install tensorflow "
            "tensorflow-datasets"
        ) from error
