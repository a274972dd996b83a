"""How the values of each codebook change in training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import Floats
from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import finite_array
from keras_qlae.figures.checks import ranked_array
from keras_qlae.figures.style import latent_name
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@own_style()
def codebook_trajectories(
    steps: npt.ArrayLike,
    codebooks: npt.ArrayLike,
    *,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    step_name: str = "Step",
) -> "Figure":
    """Shows how the values of each latent's codebook change in training.

    There is one panel per latent and one line per value, coloured by its
    position in the codebook from dark to light. All panels share both axes.

    Args:
        steps: Shape `(num_epochs,)`: the step, or epoch, at which each row of
            `codebooks` was taken.
        codebooks: Shape `(num_epochs, num_latents, num_values)`. Codebooks
            smaller than the largest are padded with NaN.
        is_active: One boolean per latent; inactive latents are named in red.
            By default all are active.
        step_name: What `steps` counts. Defaults to `"Step"`.

    Returns:
        A Matplotlib figure with one axes per latent.

    Raises:
        ValueError: If a shape is wrong, the lengths differ, or a codebook
            value is infinite.
    """
    at = finite_array(steps, "steps", "(num_epochs,)")
    table = ranked_array(
        codebooks, "codebooks", "(num_epochs, num_latents, num_values)"
    )
    if len(at) != len(table):
        raise ValueError(
            "`steps` and `codebooks` must have the same length. Received: "
            f"{len(at)} steps and codebooks of shape {table.shape}"
        )
    if np.isinf(table).any():
        raise ValueError(
            "`codebooks` must be finite, or NaN where a codebook is smaller. "
            f"Received: {np.isinf(table).sum()} infinite values"
        )
    mask = active_mask(is_active, table.shape[1])
    figure, panels = small_multiples(
        table.shape[1], 2.0, 1.6, sharex=True, sharey=True
    )
    for latent, axes in enumerate(panels):
        _draw(axes, at, table[:, latent])
        axes.set_title(**latent_name(latent, mask[latent]))
    figure.supxlabel(step_name, fontsize=10)
    figure.supylabel("Codebook value", fontsize=10)
    return figure


def _draw(axes: "Axes", steps: Floats, codebook: Floats) -> None:
    from matplotlib import colormaps

    values = codebook.T[~np.isnan(codebook).all(axis=0)]
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(values)))
    for value, colour in zip(values, colours, strict=True):
        axes.plot(
            steps,
            value,
            color=colour,
            linewidth=1.1,
            marker="o" if len(steps) == 1 else "",
        )
