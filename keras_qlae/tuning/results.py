"""What a search found: a table and figures."""

from pathlib import Path
from typing import Any

from keras_qlae import figures
from keras_qlae.files import markdown_table
from keras_qlae.files import write_csv
from keras_qlae.files import write_text
from keras_qlae.tuning.hypermodel import QLAEHyperModel

_SHOWN = ("val_infom", "val_infoe", "val_infoc", "val_psnr")
_HYPERBAND = {"tuner/epochs": "epochs"}


def rows(oracle: Any, hypermodel: QLAEHyperModel) -> list[dict[str, Any]]:
    """A row a trial, best first: id, status, score, settings, scores."""
    table = []
    for trial_id, trial in sorted(oracle.trials.items()):
        hp = trial.hyperparameters.copy()
        recipe = hypermodel.recipe_of(hp)
        logged = {
            name: float(trial.metrics.get_best_value(name))
            if trial.metrics.exists(name)
            else None
            for name in dict.fromkeys([*hypermodel.weights, *_SHOWN])
        }
        table.append(
            {
                "trial": trial_id,
                "status": str(trial.status),
                "score": None if trial.score is None else float(trial.score),
                **{name: getattr(recipe, name) for name in hypermodel.ranges},
                **{
                    short: hp.values[name]
                    for name, short in _HYPERBAND.items()
                    if name in hp.values
                },
                **{k: v for k, v in logged.items() if v is not None},
            }
        )
    return sorted(
        table,
        key=lambda row: (
            row["status"] != "COMPLETED",
            -(row["score"] if row["score"] is not None else 0.0),
        ),
    )


def write(
    directory: Path, table: list[dict[str, Any]], hypermodel: QLAEHyperModel
) -> None:
    """Writes `results.csv`, `results.md` and the figures."""
    names = list(dict.fromkeys(name for row in table for name in row))
    write_csv(directory / "results.csv", table)
    lines = [[_shown(row.get(name)) for name in names] for row in table]
    write_text(directory / "results.md", markdown_table(names, lines) + "\n")
    done = [row for row in table if row["status"] == "COMPLETED"]
    if not done:
        return
    settings = {name: [row[name] for row in done] for name in hypermodel.ranges}
    scores = [row["score"] for row in done]
    name = hypermodel.objective.name
    label = {"val_infom": "InfoM"}.get(name, name)
    for stem, draw in (
        ("objective", figures.search_scores),
        ("parallel_coordinates", figures.parallel_coordinates),
    ):
        figures.save(
            draw(settings, scores, label=label),
            directory / "figures" / f"{stem}.png",
        )


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value or "")
