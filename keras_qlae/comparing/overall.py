"""The models of a study over all its data sets."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_qlae.comparing.statistics import Estimate
from keras_qlae.comparing.statistics import estimate
from keras_qlae.comparing.statistics import holm
from keras_qlae.comparing.statistics import paired_p_value
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import metrics_of

LEVEL = 0.05

_Values = dict[tuple[str, int], float]


class Overall(NamedTuple):
    """A model's values of one metric on all data sets.

    Attributes:
        mean: Mean over the data sets of the means over their seeds; `None`
            unless there is a run on every data set.
        difference: Difference from the best model, over the runs that both
            have with the same data set and seed. `None` for the best model
            and without such runs.
        p_value: Of a paired t-test of these differences, adjusted for the
            number of models by Holm's method; `None` without a test.
        is_best: Whether its mean is the highest.
    """

    mean: float | None
    difference: Estimate | None = None
    p_value: float | None = None
    is_best: bool = False

    @property
    def is_level(self) -> bool:
        """Whether it is the best, or not significantly different from it."""
        if self.p_value is None:
            return self.is_best
        return self.p_value > LEVEL


def overall(
    study: Study, rows: Sequence[dict[str, Any]]
) -> dict[str, dict[str, Overall]]:
    """Compares the models over all data sets of a study.

    Runs with the same data set and seed are paired, so that differences
    between data sets do not count as differences between models.

    Args:
        study: The study.
        rows: The results of its runs, as of `results.csv`.

    Returns:
        By the model's name in the table, and by metric.
    """
    models = [contender.shown for contender in study.contenders]
    found: dict[str, dict[str, Overall]] = {model: {} for model in models}
    for metric in metrics_of(rows):
        values = {model: _values(rows, model, metric) for model in models}
        for model, own in _compared(study.datasets, values).items():
            found[model][metric] = own
    return found


def _values(rows: Sequence[dict[str, Any]], model: str, metric: str) -> _Values:
    """A model's values by data set and seed."""
    return {
        (row["dataset"], row["seed"]): row[metric]
        for row in rows
        if row["model"] == model and row.get(metric) is not None
    }


def _compared(
    datasets: Sequence[str], values: Mapping[str, _Values]
) -> dict[str, Overall]:
    means = {model: _mean(datasets, own) for model, own in values.items()}
    known = {model: mean for model, mean in means.items() if mean is not None}
    if not known:
        return {model: Overall(None) for model in values}
    best = max(known, key=lambda model: known[model])
    differences = {
        model: [
            own[run] - values[best][run] for run in own if run in values[best]
        ]
        for model, own in values.items()
        if model != best and model in known
    }
    tested = {
        model: paired_p_value(own)
        for model, own in differences.items()
        if len(own) > 1
    }
    adjusted = dict(zip(tested, holm([*tested.values()]), strict=True))
    return {
        model: Overall(
            mean,
            estimate(differences.get(model, ())),
            adjusted.get(model),
            model == best,
        )
        for model, mean in means.items()
    }


def _mean(datasets: Sequence[str], values: _Values) -> float | None:
    """The mean over data sets, each of which counts the same."""
    means = []
    for dataset in datasets:
        own = [value for (name, _), value in values.items() if name == dataset]
        if not own:
            return None
        means.append(math.fsum(own) / len(own))
    return math.fsum(means) / len(means)
