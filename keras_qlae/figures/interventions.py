"""The effect of each value of each latent on a few images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import names_of
from keras_qlae.figures.pixels import Page
from keras_qlae.figures.pixels import Pixels
from keras_qlae.figures.pixels import centres
from keras_qlae.figures.pixels import check_images
from keras_qlae.figures.pixels import gap_of
from keras_qlae.figures.pixels import mosaic
from keras_qlae.figures.pixels import num_columns_of
from keras_qlae.figures.pixels import scale_of
from keras_qlae.figures.pixels import to_pixels
from keras_qlae.figures.style import latent_name
from keras_qlae.figures.style import number
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEADER = 62  # device pixels for a grid's name and the values below it
_MARGIN = 36
_CHARACTER = 14  # device pixels of a wide letter of a grid's name


@own_style()
def interventions(
    images: npt.ArrayLike | Sequence[npt.ArrayLike],
    *,
    values: Sequence[npt.ArrayLike] | npt.NDArray[Any] | None = None,
    titles: Sequence[str] | None = None,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
) -> "Figure":
    """Shows, for each latent, images with that latent set to each value.

    Each latent has a grid. Each row is one encoded image, each column one
    value of the latent's codebook that replaces the image's own. In a
    disentangled model one factor changes along a row, and a column has the
    same meaning in every row.

    Args:
        images: Decoded images, uint8 or floats in [0, 1], 1 or 3 channels.
            Shape `(num_latents, num_rows, num_values, height, width,
            channels)`; or, if codebooks differ in size, a list of one such
            array per latent, without the first axis.
        values: For each latent its `num_values` codebook values, written
            above the columns, integers without decimals. Rows may be padded
            with NaN at the end. By default the columns are numbered.
        titles: For each latent what to write after its number, such as the
            factor with which it has most mutual information. An empty string
            is left out.
        is_active: One boolean per latent; inactive latents are named in red.
            By default all are active.

    Returns:
        A Matplotlib figure with one axes per latent.

    Raises:
        ValueError: If the images have a wrong shape or range, latents differ
            in the size or number of images, or a length is not that of
            `images`.
    """
    grids = _grids(images)
    labels = _column_labels(values, [grid.shape[1] for grid in grids])
    notes = names_of(titles, "titles", len(grids), "latents")
    mask = active_mask(is_active, len(grids))
    headers = [
        latent_name(latent, mask[latent], notes[latent])
        for latent in range(len(grids))
    ]
    scale = scale_of(grids[0])
    pictures = [mosaic(grid) for grid in grids]
    width = _MARGIN + max(
        scale * max(picture.shape[1] for picture in pictures),
        _CHARACTER * max(len(header["label"]) for header in headers),
    )
    height = scale * pictures[0].shape[0] + _HEADER + _MARGIN // 2
    num_columns = num_columns_of(len(grids), width, height)
    num_rows = -(-len(grids) // num_columns)
    page = Page(num_columns * width + _MARGIN, num_rows * height + _MARGIN // 2)
    for latent, (grid, picture) in enumerate(zip(grids, pictures, strict=True)):
        row, column = divmod(latent, num_columns)
        axes = page.picture(
            _MARGIN + column * width, row * height + _HEADER, picture, scale
        )
        ticks = centres(grid.shape[1], grid.shape[-2], gap_of(grid))
        axes.xaxis.tick_top()
        axes.set_xticks(ticks, labels[latent])
        axes.tick_params(axis="x", labelsize=8, length=0, pad=2)
        axes.set_title(pad=14, **headers[latent])
    return page.figure


def _grids(images: Any) -> list[Pixels]:
    grids = [
        to_pixels(check_images(grid, f"images[{i}]", "num_rows, num_values"))
        for i, grid in enumerate(images)
    ]
    if not grids:
        raise ValueError(
            "`images` must have the images of at least one latent. "
            "Received: none"
        )
    for grid in grids:
        if (grid.shape[0], *grid.shape[2:]) != (
            grids[0].shape[0],
            *grids[0].shape[2:],
        ):
            raise ValueError(
                "`images` must have the same rows and the same image size for "
                "every latent; only `num_values` may differ. Received: shapes "
                f"{[each.shape for each in grids]}"
            )
    return grids


def _column_labels(
    values: Sequence[npt.ArrayLike] | npt.NDArray[Any] | None,
    num_values: list[int],
) -> list[list[str]]:
    if values is None:
        return [[str(i) for i in range(count)] for count in num_values]
    rows = [np.asarray(row).ravel() for row in values]
    rows = [row[~np.isnan(row)] for row in rows]
    received = [len(row) for row in rows]
    if received != num_values:
        raise ValueError(
            "`values` must have, for each latent, one number for each column "
            f"of its images: {num_values}. Received: {received} numbers"
        )
    return [
        [number(value, 0 if row.dtype.kind in "iu" else 2) for value in row]
        for row in rows
    ]
