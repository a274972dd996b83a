"""Tables of light: whole numbers, saved to the disk if slow to compute."""

import contextlib
import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from keras_qlae.datasets.store import default_data_dir
from keras_qlae.files import check_ordinary
from keras_qlae.files import locked
from keras_qlae.files import replacing

FULL_LIGHT = 255  # the whole number that stands for a light of 1


def quantize(light: np.ndarray) -> np.ndarray:
    """Rounds light to whole numbers: float in `[0, 1]` to uint8.

    This makes tables small, and pictures the same on every machine. On the last
    axis, that of materials, light sums to at most 1, and the result to at most
    255, which keeps every colour of the picture in range.
    """
    table: np.ndarray = np.rint(light * FULL_LIGHT).astype(np.int16)
    excess = np.maximum(table.sum(axis=-1, keepdims=True) - FULL_LIGHT, 0)
    largest = table.argmax(axis=-1)[..., None]
    reduced = np.take_along_axis(table, largest, axis=-1) - excess
    np.put_along_axis(table, largest, reduced, axis=-1)
    return table.astype(np.uint8)


def kept_table(
    name: str, shape: tuple[int, ...], make: Callable[[], np.ndarray]
) -> np.ndarray:
    """Reads a table of uint8 from the disk, or makes and saves it.

    It is in the folder of prepared data sets. A damaged file is made again. If
    nothing can be written, the table is made but not saved.
    """
    path = default_data_dir() / name
    table = _read(path, shape)
    if table is not None:
        return table
    table = make()
    # A second process uses its own table, which is the same.
    with (
        contextlib.suppress(OSError, RuntimeError),
        locked(path.parent, "Another process writes the table."),
        replacing(path) as temporary,
    ):
        np.savez_compressed(temporary, light=table)
    return table


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """Reads a table; `None` if the file is missing or damaged."""
    num_bytes = math.prod(shape)
    try:
        check_ordinary(path)
        with (
            zipfile.ZipFile(path) as archive,
            archive.open("light.npy") as file,
        ):
            np.lib.format.read_magic(file)
            found = np.lib.format.read_array_header_1_0(file)
            if found != (shape, False, np.dtype(np.uint8)):
                return None
            # One more byte than there is: the checksum is compared then.
            content = file.read(num_bytes + 1)
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        return None
    if len(content) != num_bytes:
        return None
    return np.frombuffer(content, np.uint8).reshape(shape)
