"""The scores of several models side by side."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import names_of
from keras_qlae.figures.checks import ranked_array
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import MUTED
from keras_qlae.figures.style import RULE
from keras_qlae.figures.style import new_figure
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHAPE = "(num_datasets, num_models, num_metrics, num_seeds)"


@own_style()
def comparison(
    values: npt.ArrayLike,
    intervals: npt.ArrayLike,
    *,
    datasets: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> "Figure":
    """Shows the mean of each model with its interval, one panel per metric.

    There is one line per model, and one row of panels per data set. The dot
    is the mean, the bar its interval, the strokes below are the seeds. The
    line of a model without values is empty.

    Args:
        values: `(num_datasets, num_models, num_metrics, num_seeds)`, NaN
            where a run has no score.
        intervals: `(num_datasets, num_models, num_metrics, 2)`, both ends,
            NaN if there is no interval.
        datasets: Names of the data sets, shown if there are several.
        models: Names of the models, from the top.
        metrics: Names of the metrics.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If the shapes do not fit.
    """
    scores = ranked_array(values, "values", _SHAPE)
    ends = np.asarray(intervals, np.float64)
    if ends.shape != (*scores.shape[:3], 2):
        raise ValueError(
            f"`intervals` must have the shape {(*scores.shape[:3], 2)}, two "
            "ends for each data set, model and metric of `values`. Received: "
            f"an array of shape {ends.shape}"
        )
    num_datasets, num_models, num_metrics, _ = scores.shape
    rows = names_of(datasets, "datasets", num_datasets, "data sets")
    labels = names_of(models, "models", num_models, "models")
    titles = names_of(metrics, "metrics", num_metrics, "metrics")
    longest = max(len(label) for label in labels)
    figure = new_figure(
        2.1 * num_metrics + 0.07 * longest + 0.5,
        num_datasets * (0.28 * num_models + 0.6) + 0.3,
        layout="constrained",
    )
    panels = figure.subplots(
        num_datasets, num_metrics, squeeze=False, sharey=True
    )
    for i, row in enumerate(panels):
        for j, axes in enumerate(row):
            _panel(axes, scores[i, :, j], ends[i, :, j])
            if i == 0:
                axes.set_title(titles[j])
        row[0].set_yticks(range(num_models), labels)
        row[0].set_ylim(num_models - 0.4, -0.6)
        if num_datasets > 1:
            row[0].set_ylabel(rows[i])
    return figure


def _panel(axes: "Axes", values: np.ndarray, ends: np.ndarray) -> None:
    """One metric: `(num_models, num_seeds)` and `(num_models, 2)`."""
    places = np.arange(len(values))
    with warnings.catch_warnings():
        # A model without values has no mean, and gets no dot.
        warnings.simplefilter("ignore", RuntimeWarning)
        means = np.nanmean(values, axis=1)
    axes.hlines(places, *ends.T, color=INK, linewidth=1.4)
    axes.plot(
        values.ravel(),
        places.repeat(values.shape[1]) + 0.24,
        "|",
        color=MUTED,
        markersize=4,
    )
    axes.plot(means, places, "o", color=BLUE, markersize=5)
    axes.grid(axis="both", color=RULE, linewidth=0.5, alpha=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.1)
