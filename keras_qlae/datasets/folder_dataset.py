"""A data set made of image files, with or without a table: your own."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.datasets.array_dataset import from_arrays
from keras_qlae.datasets.factor_dataset import FactorDataset
from keras_qlae.datasets.images import resize


def from_folder(
    images_dir: str | os.PathLike[str],
    factors_csv: str | os.PathLike[str] | None = None,
    *,
    file_column: str = "file",
    image_size: int | None = None,
    grey: bool = False,
    name: str | None = None,
) -> FactorDataset:
    """Makes a data set of your own image files and a table of their factors.

    All images are decoded once and kept in memory, a byte a pixel and channel.

    Args:
        images_dir: Folder of the images, in any format that Pillow reads;
            levels of 16 bits are scaled to 8.
        factors_csv: A CSV file with a head line. One column names the image
            file, relative to `images_dir`; each other one is a factor. Its
            values, numbers or words, are numbered in their order: numbers by
            size, words by the alphabet. By default there is no table: all
            images in the folder and below are taken, by the order of their
            names, and no factors are known.
        file_column: Name of the column of files.
        image_size: Height and width to resize to: bicubic, antialiased. By
            default the images keep their size, the same for all.
        grey: Whether to make one channel of the three of red, green, blue.
        name: Name of the data set, for reports. Defaults to the folder's.

    Returns:
        A `FactorDataset`, in the order of the table or of the names.

    Raises:
        FileNotFoundError: If a file of the table, or the table, is missing.
        ValueError: If the table has no such column, no factor, or a gap; if
            an image cannot be read or has another size than the first; or
            if there is no image.

    Example:
        ```python
        dataset = from_folder("images", "factors.csv", image_size=64)
        train, validation = dataset.split(1000)
        ```
    """
    folder = Path(images_dir)
    if factors_csv is None:
        images = _read_images(_image_files(folder), image_size, grey)
        return from_arrays(images, name=name or folder.name)
    names, rows = _read_table(Path(factors_csv), file_column)
    columns = [_number([row[factor] for row in rows]) for factor in names]
    paths = [folder / row[file_column] for row in rows]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} images of {factors_csv} are not "
            f"in {folder}. Received first: {missing[0].name}"
        )
    images = _read_images(paths, image_size, grey)
    return from_arrays(
        images, np.stack(columns, axis=1), names, name or folder.name
    )


def _image_files(folder: Path) -> list[Path]:
    """The images of a folder and the folders in it, in order of their names."""
    from PIL import Image

    suffixes = {
        suffix
        for suffix, format in Image.registered_extensions().items()
        if format in Image.OPEN
    }
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and not path.name.startswith(".")
    )
    if not paths:
        raise ValueError(
            "The folder must hold images, in any format that Pillow reads. "
            f"Received: {folder}, without one"
        )
    return paths


def _read_table(
    path: Path, file_column: str
) -> tuple[list[str], list[dict[str, str]]]:
    """Reads the names of the factors, and the rows."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restval="")
        rows = list(reader)
        head = list(reader.fieldnames or ())
    names = [column for column in head if column != file_column]
    if file_column not in head or not names or not rows:
        raise ValueError(
            f"{path} must have a head line with column `{file_column}`, at "
            "least one column more, and a row for each image. Received: "
            f"columns {head}, {len(rows)} rows"
        )
    for number, row in enumerate(rows, start=2):
        gaps = [column for column in head if not row[column].strip()]
        if gaps or None in row:
            raise ValueError(
                f"{path} must have a value in every column. Received: line "
                f"{number} with {'nothing in ' + gaps[0] if gaps else 'more'}"
            )
    return names, rows


def _number(values: Sequence[str]) -> np.ndarray:
    """Numbers the values of a factor in their order."""
    try:
        column = np.array([float(value) for value in values])
    except ValueError:
        column = np.array(values)
    numbers: np.ndarray = np.unique(column, return_inverse=True)[1]
    return numbers


def _read_images(
    paths: Sequence[Path], image_size: int | None, grey: bool
) -> np.ndarray:
    """Decodes images: uint8 `(n, height, width, channels)`."""
    first = _read_image(paths[0], image_size, grey)
    images = np.empty((len(paths), *first.shape), np.uint8)
    for i, path in enumerate(paths):
        image = _read_image(path, image_size, grey)
        if image.shape != first.shape:
            raise ValueError(
                "All images must have one size; pass `image_size` to resize "
                f"them. Received: {paths[0].name} of shape {first.shape}, "
                f"{path.name} of shape {image.shape}"
            )
        images[i] = image
    return images


def _read_image(path: Path, image_size: int | None, grey: bool) -> np.ndarray:
    from PIL import Image
    from PIL import UnidentifiedImageError

    try:
        with Image.open(path) as file:
            picture = _in_8_bits(file).convert("L" if grey else "RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(
            f"{path} must be an image that Pillow can read. Received: {error}"
        ) from error
    image = np.asarray(picture)
    image = image[..., None] if grey else image
    return image if image_size is None else resize(image[None], image_size)[0]


def _in_8_bits(picture: Any) -> Any:
    """Scales grey levels of 16 bits, which Pillow would clip at 255.

    Of colours it takes the upper 8 bits by itself.

    Raises:
        OSError: If the levels have 32 bits: their range is not known.
    """
    from PIL import Image

    # Up to version 11 Pillow opens such PNG files with 32 bits a level.
    is_png = picture.mode == "I" and picture.format == "PNG"
    if picture.mode.startswith("I;16") or is_png:
        levels = np.asarray(picture).astype(np.float64) / 257  # 65535 -> 255
        return Image.fromarray(np.rint(levels).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise OSError("levels of 32 bits; convert it to 8 or 16")
    return picture
