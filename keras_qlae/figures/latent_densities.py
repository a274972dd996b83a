"""The density of the latents, with the codebook values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import Floats
from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import finite_array
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import VERMILION
from keras_qlae.figures.style import latent_name
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NUM_BINS = 80


@own_style()
def latent_densities(
    latents: npt.ArrayLike,
    *,
    codebooks: Sequence[npt.ArrayLike] | npt.NDArray[Any] | None = None,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
) -> "Figure":
    """Shows the density of each latent, before quantization if there is one.

    Each panel is a histogram of one latent in 80 bins, scaled to the panel's
    height, with a line at each codebook value. In a well trained model the
    density is concentrated around these values. The panels share the
    horizontal axis, which leaves out at most a thousandth of each latent at
    either end.

    Args:
        latents: Shape `(num_samples, num_latents)`: the encoder's outputs.
        codebooks: For each latent its codebook values; an array of shape
            `(num_latents, num_values)` may be padded with NaN. By default
            none are shown.
        is_active: One boolean per latent; inactive latents are named in red.
            By default all are active.

    Returns:
        A Matplotlib figure with one axes per latent.

    Raises:
        ValueError: If `latents` is not a finite table, or a length is not
            that of the table.
    """
    table = finite_array(latents, "latents", "(num_samples, num_latents)")
    num_latents = table.shape[1]
    values = _codebook_values(codebooks, num_latents)
    mask = active_mask(is_active, num_latents)
    edges = _edges(table, values)
    figure, panels = small_multiples(num_latents, 2.0, 1.45, sharex=True)
    for latent, axes in enumerate(panels):
        _draw(axes, table[:, latent], values[latent], edges)
        axes.set_title(**latent_name(latent, mask[latent]))
    label = "Latent"
    if codebooks is not None:
        label += " before quantization (lines: codebook values)"
    figure.supxlabel(label, fontsize=10)
    figure.supylabel("Density", fontsize=10)
    return figure


def _codebook_values(
    codebooks: Sequence[npt.ArrayLike] | npt.NDArray[Any] | None,
    num_latents: int,
) -> list[Floats]:
    if codebooks is None:
        return [np.empty(0)] * num_latents
    rows = [np.asarray(row, dtype=np.float64).ravel() for row in codebooks]
    if len(rows) != num_latents:
        raise ValueError(
            f"`codebooks` must have one row for each of the {num_latents} "
            f"latents. Received: {len(rows)} rows"
        )
    rows = [row[~np.isnan(row)] for row in rows]
    if not all(np.isfinite(row).all() for row in rows):
        raise ValueError(
            "`codebooks` must be finite, or NaN where a codebook is smaller. "
            "Received: infinite values"
        )
    return rows


def _edges(table: Floats, values: list[Floats]) -> Floats:
    limits = np.concatenate(
        [np.quantile(table, [0.001, 0.999], axis=0).ravel(), *values]
    )
    low, high = limits.min(), limits.max()
    margin = 0.04 * (high - low) or 0.5
    return np.linspace(low - margin, high + margin, _NUM_BINS + 1)


def _draw(axes: "Axes", latent: Floats, values: Floats, edges: Floats) -> None:
    counts, _ = np.histogram(latent, edges)
    density = counts / (len(latent) * np.diff(edges))
    axes.stairs(density, edges, fill=True, color=BLUE, alpha=0.3)
    axes.stairs(density, edges, color=BLUE, linewidth=0.9)
    axes.vlines(
        values,
        0.0,
        1.0,
        transform=axes.get_xaxis_transform(),
        color=VERMILION,
        linewidth=0.8,
        zorder=0.5,
    )
    axes.set(xlim=(edges[0], edges[-1]), yticks=[])
    axes.set_ylim(bottom=0.0)
    axes.spines["left"].set_visible(False)
