"""The effect of each latent of a model on a few images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.interventions import interventions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def traversals(
    model: Any,
    images: npt.ArrayLike,
    *,
    num_rows: int = 4,
    num_values: int = 8,
    titles: Sequence[str] | None = None,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
) -> "Figure":
    """Shows images with each latent of a model set to each of its values.

    It shows the result of `model.traverse(images)` with `interventions`.

    Args:
        model: A model with `codes`, `traverse` and `latent`, such as a
            `keras_qlae.models.Autoencoder`.
        images: `(n, height, width, channels)`, integers in [0, 255] or floats
            in [0, 1]. The first `num_rows` are shown. If latents have no
            codebook, all images are encoded to find the values of the
            latents: give some hundred images.
        num_rows: How many images to show.
        num_values: How many values of a latent to show if it has no codebook.
        titles: As in `interventions`.
        is_active: As in `interventions`.

    Returns:
        A Matplotlib figure with one axes per latent.

    Raises:
        ValueError: If the model cannot read the images, or a length is not
            the number of latents.

    Example:
        ```python
        run = keras_qlae.open_run("runs/qlae-room3d-0")
        keras_qlae.figures.traversals(run.model, images)
        ```
    """
    images = np.asarray(images)
    latent = model.latent
    codebooks = getattr(latent, "codebooks", None)
    codes = model.codes(images) if codebooks is None else None
    levels = latent.levels(codes, num_values)
    return interventions(
        model.traverse(images[:num_rows], levels),
        values=levels if codebooks is None else codebooks,
        titles=titles,
        is_active=is_active,
    )
