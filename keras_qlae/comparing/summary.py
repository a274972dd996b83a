"""A model's scores on a data set, over its seeds."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_qlae.comparing.statistics import Estimate
from keras_qlae.comparing.statistics import estimate
from keras_qlae.comparing.statistics import level_with_best
from keras_qlae.comparing.statistics import p_values
from keras_qlae.comparing.study import Study


class Metric(NamedTuple):
    """How a score is shown."""

    title: str
    digits: int


# By their names in `infomec.json`. Higher is better for all.
METRICS = {
    "infom": Metric("InfoM", 3),
    "infoe": Metric("InfoE", 3),
    "infoc": Metric("InfoC", 3),
    "psnr": Metric("PSNR, dB", 2),
    "reconstruction_r2": Metric("rebuilt, R2", 3),
}
_OF_IMAGES, _OF_VECTORS = "psnr", "reconstruction_r2"


def metrics_of(rows: Sequence[dict[str, Any]]) -> dict[str, Metric]:
    """The metrics that runs have: PSNR those on images, R2 those on vectors.

    Before there are scores they count as runs on images.
    """
    known = {
        name
        for name in METRICS
        if any(row.get(name) is not None for row in rows)
    }
    left_out = _OF_VECTORS
    if _OF_VECTORS in known:
        left_out = "" if _OF_IMAGES in known else _OF_IMAGES
    return {k: v for k, v in METRICS.items() if k != left_out}


class Summary(NamedTuple):
    """A line of the table.

    For each metric it has the available scores, their estimate (`None` if there
    are none), and the p-value against the best model on the data set and
    whether it is level with it, as in `statistics`.
    """

    dataset: str
    model: str
    num_finished: int
    num_seeds: int
    values: dict[str, list[float]]
    estimates: dict[str, Estimate | None]
    p_values: dict[str, float | None]
    is_level: dict[str, bool]
    udr: float | None = None


def summaries(study: Study, rows: Sequence[dict[str, Any]]) -> list[Summary]:
    """Makes the lines of the table, with models in the order of the study."""
    lines = []
    metrics = metrics_of(rows)
    for dataset in study.datasets:
        there = [row for row in rows if row["dataset"] == dataset]
        lines += _on_one(study, dataset, there, metrics)
    return lines


def _on_one(
    study: Study,
    dataset: str,
    rows: Sequence[dict[str, Any]],
    metrics: Mapping[str, Metric],
) -> list[Summary]:
    models = [contender.shown for contender in study.contenders]
    runs = {
        model: [row for row in rows if row["model"] == model]
        for model in models
    }
    values = {
        model: {
            name: [row[name] for row in own if row.get(name) is not None]
            for name in metrics
        }
        for model, own in runs.items()
    }
    estimates = {
        model: {name: estimate(own[name]) for name in metrics}
        for model, own in values.items()
    }
    columns = {
        name: [values[model][name] for model in models] for name in metrics
    }
    found = {name: p_values(columns[name]) for name in metrics}
    levels = {
        name: level_with_best(columns[name], metric.digits)
        for name, metric in metrics.items()
    }
    return [
        Summary(
            dataset,
            model,
            sum(row["status"].startswith("finished") for row in runs[model]),
            len(study.seeds),
            values[model],
            estimates[model],
            {name: found[name][i] for name in metrics},
            {name: levels[name][i] for name in metrics},
            _mean_udr(runs[model]),
        )
        for i, model in enumerate(models)
    ]


def _mean_udr(rows: Sequence[dict[str, Any]]) -> float | None:
    # No interval: scores of pairs of seeds are not independent.
    scores = [row["udr"] for row in rows if row.get("udr") is not None]
    return math.fsum(scores) / len(scores) if scores else None
