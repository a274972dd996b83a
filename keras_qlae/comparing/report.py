"""`report.html` of a comparison: tables that sort, and runs side by side."""

import functools
import html
import io
import itertools
import math
import os
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from keras_qlae import explorer
from keras_qlae.comparing.overall import overall
from keras_qlae.comparing.planned import Planned
from keras_qlae.comparing.selection import MEANING
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.summary import Metric
from keras_qlae.comparing.summary import Summary
from keras_qlae.comparing.summary import metrics_of
from keras_qlae.comparing.tables import ALL_MEANING
from keras_qlae.comparing.tables import UDR
from keras_qlae.comparing.tables import agreement_of
from keras_qlae.comparing.tables import has_udr_column
from keras_qlae.comparing.tables import head_of
from keras_qlae.comparing.tables import overall_text
from keras_qlae.comparing.tables import reading
from keras_qlae.comparing.tables import seeds_of
from keras_qlae.explorer.document import data_url
from keras_qlae.explorer.fragments import Cell
from keras_qlae.explorer.fragments import picture
from keras_qlae.explorer.fragments import sorting
from keras_qlae.explorer.fragments import table
from keras_qlae.runs.reporting import caution

_MOST_SHOWN = 40  # most runs with a picture in the page, 0.25 MB each
_LARGEST = 64_000_000  # most pixels of a picture


def report(
    directory: Path,
    study: Study,
    found: Sequence[Summary],
    planned: Sequence[Planned],
    rows: Sequence[dict[str, Any]],
) -> str:
    """Makes the text of `report.html`, with links relative to the directory."""
    sections = [
        _summary(
            study, dataset, [s for s in found if s.dataset == dataset], rows
        )
        for dataset in study.datasets
    ]
    if len(study.datasets) > 1:
        sections.append(_all_datasets(study, rows))
    shown = list(itertools.islice(_shown(planned, rows), _MOST_SHOWN))
    if shown:
        sections.append(explorer.side_by_side(shown))
    chart = directory / "comparison.png"
    if chart.exists():
        inner = picture("Scores of every run", "image/png", chart.read_bytes())
        sections.append(explorer.Section("Figure", inner))
    sections.append(
        explorer.Section("Runs", _runs(directory, planned, rows), sorting())
    )
    note = ""
    if len(shown) == _MOST_SHOWN:
        note = f"Only the first {_MOST_SHOWN} runs, by seed, are side by side."
    return explorer.document("Comparison", sections, note)


def _summary(
    study: Study,
    dataset: str,
    found: Sequence[Summary],
    rows: Sequence[dict[str, Any]],
) -> explorer.Section:
    """The table of a data set, with one line per model."""
    ranges = {name: _range(found, name) for name in found[0].values}
    has_udr = has_udr_column(found)
    lines = [
        [
            Cell(summary.model),
            Cell(seeds_of(summary), summary.num_finished),
            *(
                _score(summary, name, METRICS[name], span)
                for name, span in ranges.items()
            ),
            *[_number(summary.udr, 3)] * has_udr,
        ]
        for summary in found
    ]
    head = head_of(found) + UDR * has_udr
    remarks = (
        *agreement_of(dataset, rows),
        *[MEANING] * has_udr,
        *(reading(study, found), caution(dataset)),
    )
    remark = " ".join(filter(None, remarks))
    bars = "A bar is the confidence interval, its mark the mean; all bars "
    bars += "of a column have the same scale."
    inner = (
        f"{table(head, lines, is_sortable=True)}"
        f'<p class="soft">{html.escape(remark)} {bars}</p>'
    )
    return explorer.Section(dataset, inner)


def _all_datasets(
    study: Study, rows: Sequence[dict[str, Any]]
) -> explorer.Section:
    """The table of the means over all data sets, with one line per model."""
    metrics = metrics_of(rows)
    lines = [
        [
            Cell(model),
            *(
                Cell(
                    overall_text(own[name], metric),
                    own[name].mean,
                    own[name].is_level,
                )
                for name, metric in metrics.items()
            ),
        ]
        for model, own in overall(study, rows).items()
    ]
    head = "model", *(metric.title for metric in metrics.values())
    inner = (
        f"{table(head, lines, is_sortable=True)}"
        f'<p class="soft">{html.escape(ALL_MEANING)}</p>'
    )
    return explorer.Section("All data sets", inner)


def _range(found: Sequence[Summary], name: str) -> tuple[float, float]:
    """The range of the bars of a column."""
    estimates = [e for e in (s.estimates[name] for s in found) if e is not None]
    if not estimates:
        return 0.0, 1.0
    low = min(each.low for each in estimates)
    high = max(each.high for each in estimates)
    return low, high if high > low else low + 1.0


def _score(
    summary: Summary, name: str, metric: Metric, span: tuple[float, float]
) -> Cell:
    estimate = summary.estimates[name]
    if estimate is None:
        return Cell("-", None)
    text = f"{estimate.mean:.{metric.digits}f}"
    if not math.isnan(estimate.margin):
        text += f" ± {estimate.margin:.{metric.digits}f}"
    low, high = span
    start, at, end = (
        (value - low) / (high - low)
        for value in (estimate.low, estimate.mean, estimate.high)
    )
    return Cell(text, estimate.mean, summary.is_level[name], (start, at, end))


def _number(value: float | None, digits: int) -> Cell:
    return Cell("-" if value is None else f"{value:.{digits}f}", value)


def _runs(
    directory: Path, planned: Sequence[Planned], rows: Sequence[dict[str, Any]]
) -> str:
    """The table of all runs; finished runs link to their own reports."""
    metrics = metrics_of(rows)
    lines = [
        [
            Cell(row["dataset"]),
            Cell(row["model"], link=_link(directory, run)),
            Cell(str(row["seed"]), row["seed"]),
            *(
                _number(row[name], metric.digits)
                for name, metric in metrics.items()
            ),
            _number(row["udr"], 3),
            Cell(str(row["steps"]), row["steps"]),
            Cell(row["status"]),
        ]
        for run, row in zip(planned, rows, strict=True)
    ]
    titles = (metric.title for metric in metrics.values())
    head = ("data set", "model", "seed", *titles, *UDR, "steps", "status")
    return table(head, lines, is_sortable=True)


def _link(directory: Path, run: Planned) -> str | None:
    """The address of a run's own page, relative to the comparison's."""
    page = run.run.page
    if not page.exists():
        return None
    return quote(Path(os.path.relpath(page, directory)).as_posix())


def _shown(
    planned: Sequence[Planned], rows: Sequence[dict[str, Any]]
) -> Iterator[explorer.Shown]:
    """Runs with pictures of their traversals, ordered by seed."""
    both = sorted(
        zip(planned, rows, strict=True), key=lambda each: each[1]["seed"]
    )
    for run, row in both:
        path = run.run.figures / "interventions.png"
        if not path.exists():
            continue
        address = _small(path, path.stat().st_mtime_ns)
        scores = ", ".join(
            f"{metric.title} {row[name]:.{metric.digits}f}"
            for name, metric in METRICS.items()
            if row.get(name) is not None
        )
        if address:
            yield explorer.Shown(run.name, scores, address)


@functools.cache
def _small(path: Path, modified: int) -> str | None:
    """A picture in a quarter of its size; `None` if it cannot be read.

    It is cached, since the report is written whenever a run ends.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            if math.prod(image.size) > _LARGEST:
                return None
            file = io.BytesIO()
            image.convert("RGB").save(file, "WEBP", quality=75)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return data_url("image/webp", file.getvalue())
