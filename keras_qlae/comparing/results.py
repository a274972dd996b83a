"""The results of a comparison: rows, tables and a figure."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_qlae import figures
from keras_qlae.comparing import tables
from keras_qlae.comparing.planned import Planned
from keras_qlae.comparing.report import report
from keras_qlae.comparing.selection import agreement
from keras_qlae.comparing.selection import udr_of
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.summary import Summary
from keras_qlae.comparing.summary import metrics_of
from keras_qlae.comparing.summary import summaries
from keras_qlae.files import write_csv
from keras_qlae.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FINISHED = "finished"


def rows_of(
    planned: Iterable[Planned], failed: Collection[Path] = ()
) -> list[dict[str, Any]]:
    """Makes a row for each run, with its scores and its progress.

    It has `dataset`, `model`, `seed`, the scores, `udr`, `active` latents,
    `steps` and `status`, and the scores by your own metrics under their names.
    A score that a run does not have (yet) is `None`.
    """
    planned = list(planned)
    udr = udr_of(planned)
    rows = [
        _row(run, run.directory in failed, udr.get(run.directory))
        for run in planned
    ]
    left_out = METRICS.keys() - metrics_of(rows)
    return [
        {name: value for name, value in row.items() if name not in left_out}
        for row in rows
    ]


def write(
    directory: Path,
    study: Study,
    planned: Sequence[Planned],
    rows: Sequence[dict[str, Any]],
) -> None:
    """Writes `results.csv`, tables, figure and page, each completely or not.

    They depend on the rows only: a comparison that was interrupted has the
    same text in the end as one that was not.
    """
    write_csv(directory / "results.csv", rows)
    found = summaries(study, rows)
    write_text(directory / "table.md", tables.markdown(study, found, rows))
    write_csv(directory / "table.csv", tables.records(found))
    write_text(directory / "table.tex", tables.latex(study, found))
    if any(any(each.values.values()) for each in found):
        figures.save(picture(study, found), directory / "comparison.png")
    alike = {
        name: agreement([row for row in rows if row["dataset"] == name])
        for name in study.datasets
    }
    if any(alike.values()):
        figure = figures.model_selection(
            *(_of_runs(study, rows, score) for score in ("udr", "infom")),
            datasets=_names(study)["datasets"],
            models=_names(study)["models"],
            correlations=[
                each.correlation if each else None for each in alike.values()
            ],
        )
        figures.save(figure, directory / "model_selection.png")
    text = report(directory, study, found, planned, rows)
    write_text(directory / "report.html", text)


def picture(study: Study, found: Sequence[Summary]) -> "Figure":
    """Draws the scores of every run, with means and intervals."""
    titles = [METRICS[name].title for name in found[0].values]
    return figures.comparison(
        *_arrays(study, found), metrics=titles, **_names(study)
    )


def _row(run: Planned, has_failed: bool, udr: float | None) -> dict[str, Any]:
    scores = None
    status = "failed" if has_failed else "waiting"
    if run.is_finished:
        scores = run.run.read_scores()
        status = FINISHED
        if scores.converged is False:
            status = f"{FINISHED}, ICA not converged"
    others = (scores.others if scores else None) or {}
    return {
        "dataset": run.dataset,
        "model": run.contender.shown,
        "seed": run.seed,
        **{name: getattr(scores, name, None) for name in METRICS},
        "udr": udr,
        "active": getattr(scores, "num_active", None),
        "steps": run.step,
        "status": status,
        **others,
    }


def _arrays(
    study: Study, found: Sequence[Summary]
) -> tuple[np.ndarray, np.ndarray]:
    """Values of each seed and ends of the interval, NaN if there is none.

    Shapes: (data sets, models, metrics, seeds) and (..., metrics, 2).
    """
    names = list(found[0].values)
    shape = (len(study.datasets), len(study.contenders), len(names))
    values = np.full((len(found), len(names), len(study.seeds)), np.nan)
    intervals = np.full((len(found), len(names), 2), np.nan)
    for i, summary in enumerate(found):
        for j, name in enumerate(names):
            own = summary.values[name]
            values[i, j, : len(own)] = own
            estimate = summary.estimates[name]
            if estimate is not None and len(own) > 1:
                intervals[i, j] = estimate.low, estimate.high
    return values.reshape(*shape, -1), intervals.reshape(*shape, 2)


def _of_runs(
    study: Study, rows: Sequence[dict[str, Any]], name: str
) -> np.ndarray:
    """A score of all runs, (data sets, models, seeds); NaN if missing."""
    known = {(r["dataset"], r["model"], r["seed"]): r.get(name) for r in rows}
    return np.array(
        [
            [
                [
                    known.get((dataset, model.shown, seed))
                    for seed in study.seeds
                ]
                for model in study.contenders
            ]
            for dataset in study.datasets
        ],
        np.float64,
    )


def _names(study: Study) -> dict[str, list[str]]:
    return {
        "datasets": list(study.datasets),
        "models": [each.shown for each in study.contenders],
    }
