"""The style of all figures, applied without changing global settings."""

import contextlib
import functools
import io
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 160
INK = "#222222"
MUTED = "#6b6b6b"
RULE = "#bdbdbd"
RED = "#c4161c"
# Okabe and Ito's palette, distinct with any common colour blindness.
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#8e4a9e"

# The keys' type is Matplotlib's long list of literals.
_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": RULE,
    "axes.facecolor": "white",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "normal",
    "figure.constrained_layout.h_pad": 0.07,
    "figure.constrained_layout.w_pad": 0.07,
    "figure.edgecolor": "white",
    "figure.facecolor": "white",
    "font.size": 9,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "lines.solid_capstyle": "round",
    "savefig.bbox": None,
    "savefig.edgecolor": "auto",
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
    "text.color": INK,
    "xtick.color": RULE,
    "xtick.direction": "out",
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "xtick.major.size": 3,
    "ytick.color": RULE,
    "ytick.direction": "out",
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
    "ytick.major.size": 3,
}


@contextlib.contextmanager
def own_style() -> Iterator[None]:
    """Draws in the common style, and restores the caller's settings.

    It is a context and a decorator. The caller's fonts are kept, since factor
    names may be in a script that Matplotlib's own font lacks.
    """
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):
        yield


@functools.cache
def _figure_class() -> "type[Figure]":
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that a notebook shows even if pyplot never ran."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            with own_style():
                self.savefig(buffer, format="png", dpi="figure")
            return buffer.getvalue()

    return NotebookFigure


def new_figure(width: float, height: float, **kwargs: Any) -> "Figure":
    """Makes an empty figure, in inches, that belongs to no pyplot session."""
    return _figure_class()(figsize=(width, height), dpi=DPI, **kwargs)


def small_multiples(
    count: int, width: float, height: float, **kwargs: Any
) -> "tuple[Figure, list[Axes]]":
    """Makes a block of equal panels, about 4 wide to 3 high.

    Width and height of a panel are in inches; `sharex` and `sharey` are as in
    `Figure.subplots`. Returns the figure, and its `count` axes row by row.
    """
    num_columns = min(count, 6, math.ceil(math.sqrt(1.3 * count)))
    num_rows = math.ceil(count / num_columns)
    figure = new_figure(
        max(3.6, num_columns * width + 0.5),
        num_rows * height + 0.6,
        layout="constrained",
    )
    panels = figure.subplots(num_rows, num_columns, squeeze=False, **kwargs)
    panels = list(panels.flat)
    for spare in panels[count:]:
        spare.remove()
    # A panel above an empty place is the lowest in its column.
    for lowest in panels[max(0, count - num_columns) : count]:
        lowest.tick_params(labelbottom=True)
    return figure, panels[:count]


def latent_name(latent: int, is_active: bool, note: str = "") -> dict[str, Any]:
    """Returns the text and colour with which every figure names a latent.

    Inactive latents are named in red. `note` follows the number, such as the
    name of a factor. The keys are arguments of `Axes.set_title`.
    """
    label = f"Latent {latent}: {note}" if note else f"Latent {latent}"
    if is_active:
        return {"label": label, "color": INK}
    return {"label": f"{label} (inactive)", "color": RED}


def number(value: float, digits: int = 2) -> str:
    """Formats a number with a true minus sign, and never as minus zero."""
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:.{digits}f}".replace("-", "\N{MINUS SIGN}")
