"""The page on which the model of a run is explored: its report in a browser."""

import base64
import html
import logging
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae import explorer
from keras_qlae.datasets import FactorDataset
from keras_qlae.runs.data import spread
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import setting_rows
from keras_qlae.runs.tables import variants

_NUM_IMAGES = 2000  # images that are encoded, to see which codes occur

_logger = logging.getLogger(__name__)


def content_of(
    run: RunDirectory, model: Any, held_out: FactorDataset
) -> explorer.Content:
    """What the page says of the model of a run."""
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
    """Writes the page of a run.

    Args:
        run: The run directory.
        model: Its model.
        held_out: The images that it is scored on.
        path: Where to write the page.
        as_report: Whether figures and settings stand below, which are two
            thirds of the file.

    Returns:
        Whether the page can compute the model; if not, nothing is written.
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
    """Figures and settings, as parts of the page."""
    figures = "".join(
        f'<figure><img alt="{_title(path)}" src="data:image/png;base64,'
        f'{base64.b64encode(path.read_bytes()).decode()}">'
        f"<figcaption>{_title(path)}</figcaption></figure>"
        for path in sorted(run.figures.glob("*.png"))
    )
    config = run.read_config()
    settings = _table(("part", "setting", "value"), setting_rows(config))
    computed = variants(run.read_scores(), config)
    how = _table(("score", "how it is computed"), computed.items())
    return [
        explorer.Section("Figures", figures),
        *([explorer.Section("Scores", how)] if computed else []),
        explorer.Section("Settings", settings),
    ]


def _title(path: Path) -> str:
    return html.escape(path.stem.replace("_", " ").capitalize())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        inner = "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells)
        return f"<tr>{inner}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table>{line(head, 'th')}{body}</table>"
