"""All settings of the trials of a search in one plot."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_qlae.figures.search_scores import check_trials
from keras_qlae.figures.search_scores import is_logarithmic
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import MUTED
from keras_qlae.figures.style import RULE
from keras_qlae.figures.style import new_figure
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = "viridis_r"


@own_style()
def parallel_coordinates(
    settings: Mapping[str, Sequence[float]],
    scores: Sequence[float],
    label: str = "score",
) -> "Figure":
    """Shows each trial as a line through its settings and its score.

    Each axis ranges from the smallest to the largest value of its setting. It
    is logarithmic if they span more than a factor of 20 (a zero is then its
    lowest point). Darker lines have higher scores.

    Args:
        settings: The values of each setting by name, one per trial.
        scores: The score of each trial; higher is better.
        label: Name of the score.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If there is nothing to show, or the lengths differ.
    """
    import matplotlib

    columns = check_trials(settings, scores)
    columns[label] = np.asarray(scores, float)
    heights = np.stack([_unit(v) for v in columns.values()], axis=1)
    figure = new_figure(2.0 + 1.6 * len(columns), 3.2, layout="constrained")
    axes = figure.subplots()
    colours = matplotlib.colormaps[_COLOURS]
    for row in np.argsort(scores):
        axes.plot(heights[row], color=colours(heights[row, -1]), alpha=0.9)
    for i, (name, values) in enumerate(columns.items()):
        axes.plot([i, i], [0, 1], color=RULE, linewidth=0.8, zorder=0)
        for height, value, place in (
            (-0.03, values.min(), "top"),
            (1.03, values.max(), "bottom"),
        ):
            axes.text(
                *(i, height, f"{value:.3g}"),
                ha="center",
                va=place,
                color=MUTED,
                fontsize=8.5,
            )
        title = name if name == label else name.replace("_", " ")
        axes.text(i, 1.16, title, ha="center", va="bottom", color=INK)
    axes.set(ylim=(-0.12, 1.28), xlim=(-0.4, len(columns) - 0.6))
    axes.set_axis_off()
    return figure


def _unit(values: np.ndarray) -> np.ndarray:
    """Scales values to [0, 1], from the smallest to the largest."""
    if is_logarithmic(values):
        low = values[values > 0].min()
        values = np.log(np.where(values > 0, values, low / 4))
    span = values.max() - values.min()
    if span == 0:
        return np.full(len(values), 0.5)
    unit: np.ndarray = (values - values.min()) / span
    return unit
