"""The table of mutual information of factors and latents."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import Floats
from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import finite_array
from keras_qlae.figures.checks import names_of
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import RED
from keras_qlae.figures.style import new_figure
from keras_qlae.figures.style import number
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

_BLUES = ("#f3f6fa", "#a9c6e2", "#4a8fc4", "#0b559f", "#062f61")
_REDS = ("#fde3e0", "#f6b1a8", "#e2736a", "#b5262b", "#6d0f18")


@own_style()
def nmi_heatmap(
    nmi: npt.ArrayLike,
    *,
    factor_names: Sequence[str] | None = None,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    scores: Mapping[str, float] | None = None,
    title: str | None = None,
) -> "Figure":
    """Shows the normalized mutual information of factors and latents.

    A disentangled model has one dark cell in the column of each active
    latent, and a compact one has one dark cell in each row. Inactive latents
    have red column labels and red-tinted cells.

    Args:
        nmi: Shape `(num_factors, num_latents)`: I(factor; latent) / H(factor),
            the `nmi` of `metrics.infomec`. The colours cover [0, 1].
        factor_names: One string per factor. By default the factors are
            numbered.
        is_active: One boolean per latent. By default all are active.
        scores: Numbers to write above the table, by name, such as
            `{"InfoM": 0.81, "InfoE": 0.99, "InfoC": 0.55}`.
        title: What to write above the scores.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If `nmi` is not a finite table, or a length is not that of
            the table.
    """
    table = finite_array(nmi, "nmi", "(num_factors, num_latents)")
    num_factors, num_latents = table.shape
    names = names_of(factor_names, "factor_names", num_factors, "factors")
    names = [name or f"factor {i}" for i, name in enumerate(names)]
    mask = active_mask(is_active, num_latents)
    heading = _heading(title, scores)
    figure = new_figure(
        max(4.4, 1.3 + 0.08 * max(map(len, names)) + 0.48 * num_latents),
        max(1.8, 0.75 + 0.22 * len(heading) + 0.38 * num_factors),
        layout="constrained",
    )
    axes = figure.add_subplot()
    mesh = _cells(axes, table, _BLUES)
    if not mask.all():
        red_table = np.ma.masked_array(table, np.tile(mask, (num_factors, 1)))
        _write_numbers(axes, table, mask, mesh, _cells(axes, red_table, _REDS))
    else:
        _write_numbers(axes, table, mask, mesh, mesh)
    _label(axes, names, mask)
    axes.set_title("\n".join(heading), linespacing=1.5)
    _colour_bar(figure, axes, mesh, num_factors)
    return figure


def _heading(
    title: str | None, scores: Mapping[str, float] | None
) -> list[str]:
    pairs = [
        f"{name} {number(value)}" for name, value in (scores or {}).items()
    ]
    return [line for line in (title, "    ".join(pairs)) if line]


def _cells(axes: "Axes", table: Any, colours: Sequence[str]) -> "QuadMesh":
    from matplotlib.colors import LinearSegmentedColormap

    return axes.pcolormesh(
        table,
        cmap=LinearSegmentedColormap.from_list("nmi", list(colours)),
        vmin=0.0,
        vmax=1.0,
        edgecolors="white",
        linewidth=1.5,
    )


def _write_numbers(
    axes: "Axes",
    table: Floats,
    mask: npt.NDArray[np.bool_],
    active_cells: "QuadMesh",
    inactive_cells: "QuadMesh",
) -> None:
    for (row, column), value in np.ndenumerate(table):
        cells = active_cells if mask[column] else inactive_cells
        axes.text(
            column + 0.5,
            row + 0.5,
            number(value),
            ha="center",
            va="center_baseline",
            color=_readable_on(cells.to_rgba(np.asarray(value))),
        )


def _readable_on(colour: Any) -> str:
    """Returns black or white, whichever has more contrast by WCAG 2."""
    channels = np.asarray(colour[:3])
    linear = np.where(
        channels <= 0.04045,
        channels / 12.92,
        ((channels + 0.055) / 1.055) ** 2.4,
    )
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return INK if luminance > 0.22 else "white"


def _label(
    axes: "Axes", names: Sequence[str], mask: npt.NDArray[np.bool_]
) -> None:
    axes.invert_yaxis()
    axes.set_xticks(np.arange(len(mask)) + 0.5, np.arange(len(mask)))
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelsize=9.5)
    axes.spines[:].set_visible(False)
    for label, active in zip(axes.get_xticklabels(), mask, strict=True):
        if not active:
            label.set(color=RED, fontweight="bold")
    axes.set_xlabel("Latent" if mask.all() else "Latent (inactive in red)")


def _colour_bar(
    figure: "Figure", axes: "Axes", mesh: "QuadMesh", num_factors: int
) -> None:
    bar = figure.colorbar(
        mesh, ax=axes, fraction=0.03, pad=0.015, aspect=16, ticks=[0, 0.5, 1]
    )
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0)
    is_tall = num_factors >= 6
    bar.set_label("Normalized mutual information" if is_tall else "NMI")
