"""The page of a run: its report in a browser, where the model is explored."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae import explorer
from keras_qlae.datasets import FactorDataset
from keras_qlae.explorer.fragments import picture
from keras_qlae.explorer.fragments import table
from keras_qlae.runs.data import spread
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.tables import SETTINGS_HEAD
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import setting_rows
from keras_qlae.runs.tables import variants

_NUM_IMAGES = 2000  # images that are encoded to find which codes occur

_logger = logging.getLogger(__name__)


def content_of(
    run: RunDirectory, model: Any, held_out: FactorDataset
) -> explorer.Content:
    """What the page shows of the model of a run."""
    config = run.read_config()
    scores = run.read_scores()
    index = spread(len(held_out), _NUM_IMAGES)
    content: explorer.Content = {
        "images": held_out.images(index),
        "title": f"{config.recipe} on {held_out.name}, seed {config.seed}",
        "scores": score_rows(scores),
        "about": {
            "recipe": config.recipe,
            "data set": held_out.name,
            "seed": config.seed,
            "backend": config.backend,
        },
    }
    if scores.has_infomec:
        content["factor_names"] = scores.factor_names or []
        content["nmi"] = np.array(scores.nmi)
        content["is_active"] = np.array(scores.active)
    return content


def write_page(
    run: RunDirectory,
    model: Any,
    held_out: FactorDataset,
    path: Path,
    as_report: bool = True,
) -> bool:
    """Writes the page of a run, unless it cannot compute the model.

    As a report it also has curves, figures and settings, which are two thirds
    of the file. Returns whether it was written.
    """
    try:
        explorer.write(
            model,
            path,
            sections=_sections(run) if as_report else (),
            **content_of(run, model, held_out),
        )
    except explorer.UnknownLayerError as error:
        _logger.warning("No page was written: %s", error)
        return False
    return True


def _sections(run: RunDirectory) -> list[explorer.Section]:
    """Curves, figures and settings, as sections of the page."""
    columns = run.read_metrics()
    columns.pop("step", None)
    figures = "".join(
        picture(_title(path), "image/png", path.read_bytes())
        for path in run.pictures
        if path.stem != "training_curves"  # drawn by the page
    )
    config = run.read_config()
    settings = table(SETTINGS_HEAD, setting_rows(config))
    computed = variants(run.read_scores(), config)
    how = table(("score", "how it is computed"), computed.items())
    return [
        explorer.curves(columns),
        explorer.Section("Figures", figures),
        *([explorer.Section("Scores", how)] if computed else []),
        explorer.Section("Settings", settings),
    ]


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").capitalize()
