"""A data set of your own image files, with or without a table."""

import csv
import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from keras_qlae.datasets import archives
from keras_qlae.datasets import folder_images
from keras_qlae.datasets.array_dataset import ArrayDataset
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.checks import some
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.folder_images import FolderImages
from keras_qlae.datasets.images import SUFFIXES
from keras_qlae.datasets.mapped import MappedDataset

TABLE = "factors.csv"
MAX_OTHERS = 100_000  # a second or two: the whole disk takes half a minute
_FEW_VALUES = 10  # a column with as many values is no measurement


def from_folder(
    images_dir: str | os.PathLike[str],
    factors_csv: str | os.PathLike[str] | Literal[False] | None = None,
    *,
    file_column: str = "file",
    image_size: int | None = None,
    grey: bool = False,
    name: str | None = None,
) -> FactorDataset:
    """Makes a data set of your own image files and a table of their factors.

    All images are decoded once, to one byte per pixel and channel. Up to
    268 MB are kept in memory. More are kept in a file below `folders/` in the
    folder of data sets (`$KERAS_QLAE_DATA_DIR`, or else
    `~/.keras/datasets/keras_qlae`), which is mapped into memory. They are
    decoded again when an image has changed.

    Args:
        images_dir: Folder of the images: PNG, JPEG, BMP, GIF, TIFF, WEBP or
            PPM, of at most 67 million pixels; levels of 16 bits are scaled to
            8. Or a ZIP archive of images, or a folder with such archives and
            no images outside them: each archive counts as a folder of its
            name, such as `part-1.zip/cat.png`.
        factors_csv: A CSV file with a header. One column names the image
            file, relative to `images_dir`; each other column is a factor. Its
            values, numbers or words, are numbered in order: numbers by size,
            words alphabetically. By default it is `factors.csv` in the
            folder, if there is one. Without a table, or with `False`, no
            factors are known, and all images in the folder and below are
            used, in the order of their names. Other files, hidden files and
            hidden folders are skipped.
        file_column: Name of the column of files.
        image_size: Height and width to resize to: bicubic, antialiased. By
            default the images keep their size, which must be the same for
            all.
        grey: Whether to convert colour images to one channel.
        name: Name of the data set, for reports. Defaults to the folder's.

    Returns:
        A `FactorDataset`, in the order of the table or of the names.

    Raises:
        FileNotFoundError: The table, or an image that it names, is missing.
        ValueError: The table is not a CSV file, has no such column, no
            factor, an empty cell or an infinite number; an image cannot be
            read or differs in size from the first; there is no image, or
            there are 100,000 other files; or an image does not fit into
            memory.
        OSError: A file cannot be read, or is a pipe or a device; or the disk
            has no space for the decoded images.

    Example:
        ```python
        dataset = from_folder("images", "factors.csv", image_size=64)
        train, validation = dataset.split(1000)
        ```
    """
    if not os.fspath(images_dir):
        raise ValueError(
            "`images_dir` must name a folder; the current one is '.'. "
            f"Received: images_dir={images_dir!r}"
        )
    if image_size is not None:
        check_integer("image_size", image_size, minimum=1)
    folder = Path(images_dir)
    names: list[str] = []
    rows: list[dict[str, str]] = []
    if factors_csv is None and has_table(folder):
        factors_csv = folder / TABLE
    if factors_csv is None or factors_csv is False:
        files = _image_files(folder)
    else:
        names, rows = _read_table(Path(factors_csv), file_column)
        files = [os.path.normpath(row[file_column]) for row in rows]
        there = archives.exist([os.path.join(folder, f) for f in files])
        missing = [
            f for f, is_there in zip(files, there, strict=True) if not is_there
        ]
        if missing:
            raise FileNotFoundError(
                f"{len(missing)} of {len(files)} images of {factors_csv} are "
                f"not in {folder}. Received first: {missing[0][:100]}"
            )
    factors = np.zeros((len(files), len(names)), np.int32)
    measured = []
    for column, factor in zip(factors.T, names, strict=True):
        parsed = _parsed([row[factor] for row in rows])
        different, column[:] = np.unique(parsed, return_inverse=True)
        if _is_measured(different, len(rows)):
            measured.append(factor)
    if measured:
        warnings.warn(
            f"{factors_csv} has columns that look like measurements, with "
            "fractions that differ between most rows. Each different number "
            "becomes a value of its own, so that scores mean little. Round "
            "the numbers to a few values (`numpy.digitize`), or remove the "
            f"columns. Received: {some(measured)}",
            stacklevel=2,
        )
    if name is None:
        is_archive = archives.is_archive(folder)
        name = folder.stem if is_archive else folder.resolve().name
    pictures = FolderImages(folder, files, image_size, grey)
    shape = pictures.shape()
    if len(files) * math.prod(shape) <= folder_images.IN_MEMORY:
        images, digest = pictures.read()
        return ArrayDataset(name, images, factors, names, digest)
    path, digest = pictures.keep()
    return MappedDataset(name, path, shape, factors, names, digest)


def has_table(folder: Path) -> bool:
    """Whether a folder or an archive has a table, possibly a broken link."""
    (is_packed,) = archives.exist([os.fspath(folder / TABLE)])
    return is_packed or os.path.lexists(folder / TABLE)


def _image_files(folder: Path) -> list[str]:
    """The images of a folder and the folders in it, in order of their names.

    Hidden files and folders, and links to folders, are skipped. If there is
    no image, the images in its archives are listed.
    """
    if archives.is_archive(folder):
        return _in_order(_images_of(folder), folder)
    paths: list[str] = []
    packed: list[str] = []
    num_others = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found = [name for name in files if _is_image(name)]
        below = os.path.relpath(place, folder)
        prefix = "" if below == os.curdir else below + os.sep
        paths += [prefix + name for name in found]
        packed += [
            prefix + name
            for name in files
            if not name.startswith(".")
            and archives.is_archive(os.path.join(place, name))
        ]
        num_others += len(files) - len(found) + len(folders)
        if num_others > MAX_OTHERS:
            raise ValueError(
                "The folder must contain mostly images: so far "
                f"{len(paths)} were found among {num_others} other files and "
                "folders. Give the folder that contains the images. "
                f"Received: {folder}"
            )
    if not paths:
        for archive in packed:
            paths += _images_of(folder / archive, archive + os.sep)
    return _in_order(paths, folder)


def _images_of(archive: Path, prefix: str = "") -> list[str]:
    return [
        prefix + name.replace("/", os.sep)
        for name in archives.members(archive)
        if _is_image(name)
    ]


def _in_order(paths: list[str], folder: Path) -> list[str]:
    if not paths:
        raise ValueError(
            f"The folder must contain images ({', '.join(SUFFIXES)}), or ZIP "
            f"archives of images. Received: {folder}, which has none"
        )
    return sorted(paths, key=lambda path: path.replace(os.sep, "\0"))


def _is_image(name: str) -> bool:
    suffix = os.path.splitext(name)[1].lower()
    return suffix in SUFFIXES and not name.startswith(".")


def _read_table(
    path: Path, file_column: str
) -> tuple[list[str], list[dict[str, str]]]:
    """Reads the names of the factors and the rows."""
    try:
        with archives.open_text(path) as file:
            reader = csv.DictReader(file, restval="", strict=True)
            rows = list(reader)
            head = list(reader.fieldnames or ())
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is not valid CSV in UTF-8; is a quote open, or a field "
            f"longer than {csv.field_size_limit():,} characters? Received: "
            f"{error}"
        ) from error
    names = [column for column in head if column != file_column]
    if len(set(head)) != len(head):
        raise ValueError(
            f"The columns of {path} must have different names. Received: "
            f"{some(head)}"
        )
    if file_column not in head or not names or not rows:
        raise ValueError(
            f"{path} must have a header with a column `{file_column}`, at "
            "least one other column, and a row for each image. Received: "
            f"columns {some(head)}, {len(rows)} rows"
        )
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise ValueError(
                f"{path} must have one value for each column. Received: line "
                f"{number} with more values"
            )
        for column in head:
            _check_cell(path, number, column, row[column])
        _check_place(path, number, row[file_column])
    return names, rows


def _check_cell(path: Path, number: int, column: str, value: str) -> None:
    if not value.strip():
        raise ValueError(
            f"{path} must have a value in every column. Received: line "
            f"{number} with nothing in {column}"
        )
    if _is_number(value) and not math.isfinite(float(value)):
        raise ValueError(
            f"The values of {path} must be finite numbers or words: leave out "
            f"images with an unknown factor. Received: line {number} "
            f"with {value} in {column}"
        )


def _check_place(path: Path, number: int, name: str) -> None:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(
            f"{path} must name images in the folder, relative to it. Received: "
            f"line {number} with {name[:100]}"
        )


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _parsed(values: Sequence[str]) -> np.ndarray:
    """A column of the table as floats, or as words if not all are numbers."""
    is_numeric = all(_is_number(value) for value in values)
    return np.array([float(v) if is_numeric else v for v in values])


def _is_measured(different: np.ndarray, num_rows: int) -> bool:
    """Whether most rows have a fraction that no other row has."""
    if different.dtype.kind != "f":
        return False
    num_fractions = np.count_nonzero(different % 1)
    return bool(num_fractions > max(_FEW_VALUES, num_rows / 2))
