"""Whether UDR, a score without labels, orders runs like one with labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy.typing as npt

from keras_qlae.figures.checks import names_of
from keras_qlae.figures.checks import ranked_array
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import GREEN
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import PURPLE
from keras_qlae.figures.style import RULE
from keras_qlae.figures.style import VERMILION
from keras_qlae.figures.style import number
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHAPE = "(num_datasets, num_models, num_seeds)"
_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, INK)
_MARKERS = "osD^vP*X"


@own_style()
def model_selection(
    udr: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    datasets: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    correlations: Sequence[float | None] | None = None,
    score_name: str = "InfoM",
) -> "Figure":
    """Shows a score with labels against UDR, one point per run.

    There is one panel per data set. Colour and marker show the model.

    Args:
        udr: `(num_datasets, num_models, num_seeds)`, NaN if a run has none.
        scores: The other score, in the same shape.
        datasets: Names of the data sets.
        models: Names of the models.
        correlations: Rank correlation of the two scores on each data set, for
            the titles; `None` if it is not known.
        score_name: Name of the other score.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If the shapes do not fit.
    """
    across = ranked_array(udr, "udr", _SHAPE)
    up = ranked_array(scores, "scores", _SHAPE)
    if across.shape != up.shape:
        raise ValueError(
            "`udr` and `scores` must have the same shape. Received: "
            f"{across.shape} and {up.shape}"
        )
    num_datasets, num_models, _ = across.shape
    titles = names_of(datasets, "datasets", num_datasets, "data sets")
    labels = names_of(models, "models", num_models, "models")
    known = [None] * num_datasets if correlations is None else correlations
    figure, panels = small_multiples(num_datasets, 3.0, 2.4, sharey=True)
    for i, axes in enumerate(panels):
        for j, label in enumerate(labels):
            axes.plot(
                across[i, j],
                up[i, j],
                _MARKERS[j % len(_MARKERS)],
                color=_COLOURS[j % len(_COLOURS)],
                label=label,
                markersize=5,
            )
        alike = known[i]
        note = "" if alike is None else f": rank correlation {number(alike)}"
        axes.set_title(f"{titles[i]}{note}".removeprefix(": "))
        axes.grid(color=RULE, linewidth=0.5, alpha=0.6)
    figure.supxlabel("UDR, without labels", fontsize=10)
    figure.supylabel(score_name, fontsize=10)
    if any(labels):
        lines = panels[0].get_lines()
        figure.legend(lines, labels, loc="outside right upper", frameon=False)
    return figure
