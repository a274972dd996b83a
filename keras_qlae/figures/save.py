"""Writes a figure to a file, completely or not at all."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keras_qlae.figures.style import own_style
from keras_qlae.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(
    figure: "Figure", path: str | os.PathLike[str], dpi: float | None = None
) -> Path:
    """Writes a figure to a file, completely or not at all.

    The file is written under a temporary name in the folder of `path` and then
    renamed. So nobody reads half a picture, even after a kill, and an older
    picture stays until the new one is complete. Missing folders are created.

    Args:
        figure: A Matplotlib figure.
        path: The file; its suffix is the format, such as `.png`, `.svg` or
            `.pdf`.
        dpi: Dots per inch. By default that of the figure. Image grids are
            exact to the pixel at that value and its multiples.

    Returns:
        The path.

    Raises:
        ValueError: If the suffix is missing or not a format of Matplotlib.
        OSError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    if not path.suffix:
        raise ValueError(
            "`path` must end in the wanted format, such as '.png' or '.pdf'. "
            f"Received: path={str(path)!r}"
        )
    with replacing(path) as temporary:
        _write(figure, temporary, path.suffix[1:], dpi)
    return path


def _write(
    figure: "Figure", path: Path, file_format: str, dpi: float | None
) -> None:
    with own_style(), path.open("wb") as file:
        figure.savefig(
            file, format=file_format, dpi="figure" if dpi is None else dpi
        )
