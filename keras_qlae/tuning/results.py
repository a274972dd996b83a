"""The results of a search: a table and figures."""

from pathlib import Path
from typing import Any

from keras_qlae import figures
from keras_qlae.datasets import FactorDataset
from keras_qlae.files import markdown_table
from keras_qlae.files import write_csv
from keras_qlae.files import write_text
from keras_qlae.recipes import Recipe
from keras_qlae.tuning import objective as objectives
from keras_qlae.tuning.record import EPOCHS
from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record

COMPLETED = "COMPLETED"

_SHOWN = (
    "val_infom",
    "val_infoe",
    "val_infoc",
    "val_psnr",
    "val_reconstruction_r2",
)


def rows(
    record: Record, recipe: Recipe, data: FactorDataset
) -> list[dict[str, Any]]:
    """Makes a row for each trial that has ended, best first.

    It has `trial`, `status`, `score`, the searched settings, `epochs` for
    Hyperband, and the last logged values of the objective and of the usual
    scores.
    """
    names = dict.fromkeys([*record.plan.objective, *_SHOWN])
    table = []
    for asked in record.asked:
        told = record.told.get(asked.trial)
        if told is None:
            continue
        row: dict[str, Any] = {
            "trial": asked.trial,
            "status": told.status,
            "score": told.score,
        }
        for name in record.plan.ranges:
            row[name] = _value(asked, name, recipe, data)
        if EPOCHS in asked.values:
            row["epochs"] = asked.values[EPOCHS]
        row |= {n: told.logged[n] for n in names if n in told.logged}
        table.append(row)
    return sorted(
        table,
        key=lambda row: (row["status"] != COMPLETED, -(row["score"] or 0.0)),
    )


def write(directory: Path, table: list[dict[str, Any]], plan: Plan) -> None:
    """Writes `results.csv`, `results.md` and the figures."""
    names = list(dict.fromkeys(name for row in table for name in row))
    write_csv(directory / "results.csv", table)
    lines = [[_shown(row.get(name)) for name in names] for row in table]
    write_text(directory / "results.md", markdown_table(names, lines) + "\n")
    drawn = [
        row
        for row in table
        if row["status"] == COMPLETED
        and all(isinstance(row[name], int | float) for name in plan.ranges)
    ]
    if not drawn:
        return
    settings = {name: [row[name] for row in drawn] for name in plan.ranges}
    scores = [row["score"] for row in drawn]
    name = objectives.name_of(plan.objective)
    label = {"val_infom": "InfoM"}.get(name, name)
    for stem, draw in (
        ("objective", figures.search_scores),
        ("parallel_coordinates", figures.parallel_coordinates),
    ):
        figures.save(
            draw(settings, scores, label=label),
            directory / "figures" / f"{stem}.png",
        )


def _value(asked: Asked, name: str, recipe: Recipe, data: FactorDataset) -> Any:
    """The value that a trial had; a baseline has that of the recipe."""
    value = asked.values.get(name, recipe.value(name))
    if value is None and name.rpartition(".")[2] == "num_latents":
        return 2 * len(data.factor_names)
    return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
