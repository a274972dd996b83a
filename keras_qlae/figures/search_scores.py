"""The scores of the trials of a search, one panel per setting."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import RULE
from keras_qlae.figures.style import VERMILION
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@own_style()
def search_scores(
    settings: Mapping[str, Sequence[float]],
    scores: Sequence[float],
    label: str = "score",
) -> "Figure":
    """Shows the score of each trial against each setting; the best in red.

    The axis of a setting that spans more than a factor of 20 is logarithmic; a
    zero on it is drawn at the left, after a gap.

    Args:
        settings: The values of each setting by name, one per trial.
        scores: The score of each trial; higher is better.
        label: Name of the score.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If there is nothing to show, or the lengths differ.
    """
    columns = check_trials(settings, scores)
    heights = np.asarray(scores, float)
    best = int(heights.argmax())
    figure, panels = small_multiples(len(columns), 3.2, 2.4, sharey=True)
    for axes, (name, values) in zip(panels, columns.items(), strict=True):
        places = _scale(axes, values)
        axes.plot(places, heights, "o", color=BLUE, markersize=4.5, alpha=0.8)
        axes.plot(
            *(places[best], heights[best], "o"), color=VERMILION, markersize=6
        )
        axes.set_title(name.replace("_", " ").capitalize())
        axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.6)
    panels[0].set_ylabel(label)
    return figure


def check_trials(
    settings: Mapping[str, Sequence[float]], scores: Sequence[float]
) -> dict[str, np.ndarray]:
    """Returns settings as arrays; raises unless each has a value per score."""
    lengths = {name: len(values) for name, values in settings.items()}
    if not lengths or not len(scores) or set(lengths.values()) != {len(scores)}:
        raise ValueError(
            "`settings` must have at least one setting, each with one value "
            "per trial, like `scores`. "
            f"Received: {len(scores)} scores, lengths {lengths}"
        )
    return {name: np.asarray(v, float) for name, v in settings.items()}


def is_logarithmic(values: np.ndarray) -> bool:
    """Whether the positive values span more than a factor of 20."""
    positive = values[values > 0]
    return bool(positive.size and positive.max() > 20 * positive.min())


def _scale(axes: "Axes", values: np.ndarray) -> np.ndarray:
    """Sets up the axis and returns the positions of the values on it."""
    if not is_logarithmic(values):
        return values
    from matplotlib.ticker import LogLocator
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    low = 10 ** np.floor(np.log10(values[values > 0].min()))
    zero = low / 4
    ticks = LogLocator().tick_values(low, values.max())
    ticks = [t for t in ticks if low <= t <= values.max() * 1.5]
    names = [f"{t:g}" for t in ticks]
    if (values == 0).any():
        ticks, names = [zero, *ticks], ["0", *names]
        axes.axvline(zero * 2, color=RULE, linewidth=0.8, linestyle=":")
    axes.set_xticks(ticks, names)
    axes.xaxis.set_minor_locator(NullLocator())
    return np.where(values > 0, values, zero)
