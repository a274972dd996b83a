"""The table of a comparison as Markdown, LaTeX and numbers."""

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from keras_qlae.comparing.selection import MEANING
from keras_qlae.comparing.selection import agreement
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.summary import Summary
from keras_qlae.files import markdown_table
from keras_qlae.metrics import VARIANTS
from keras_qlae.runs.reporting import caution

_HEAD = ("model", "seeds", *(metric.title for metric in METRICS.values()))
UDR = ("UDR",)
_BOLD = (
    "Bold: the best mean of a column, and those not significantly different "
    "from it (Welch's t-test, 5 %, p adjusted after Holm)."
)
_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def markdown(
    study: Study, found: Sequence[Summary], rows: Sequence[dict[str, Any]]
) -> str:
    """The text of `table.md`: a table a data set, and how to read it."""
    parts = ["# Comparison"]
    has_udr = has_udr_column(found)
    head = _HEAD + UDR * has_udr
    for dataset in study.datasets:
        lines = [
            _cells(summary, str, "±", "**{}**".format, has_udr)
            for summary in found
            if summary.dataset == dataset
        ]
        parts.append(f"## {dataset}")
        parts.append(markdown_table(head, lines))
        parts += agreement_of(dataset, rows)
        parts += [caution(dataset)] if caution(dataset) else []
    parts += [MEANING] * has_udr
    parts += variants_of(found)
    parts += [reading(study, found), *_not_as_wanted(rows)]
    return "\n\n".join(parts) + "\n"


def latex(study: Study, found: Sequence[Summary]) -> str:
    """The text of `table.tex`: a `tabular` a data set; needs `booktabs`."""
    parts = []
    has_udr = has_udr_column(found)
    head = _HEAD + UDR * has_udr
    for dataset in study.datasets:
        body = [
            _cells(
                summary,
                _for_latex,
                r"$\pm$",
                r"\textbf{{{}}}".format,
                has_udr,
            )
            for summary in found
            if summary.dataset == dataset
        ]
        parts += [
            *(f"% {line}" for line in (dataset, caution(dataset)) if line),
            rf"\begin{{tabular}}{{ll{'c' * (len(head) - 2)}}}",
            r"\toprule",
            rf"{' & '.join(head)} \\",
            r"\midrule",
            *(rf"{' & '.join(cells)} \\" for cells in body),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    parts += [f"% {MEANING}"] * has_udr
    return "\n".join([*parts, f"% {reading(study, found)}"]) + "\n"


def records(found: Sequence[Summary]) -> list[dict[str, Any]]:
    """The rows of `table.csv`: means, ends of intervals, p-values.

    Empty where there is no score, no interval, or no test against the best.
    """
    return [
        {
            "dataset": summary.dataset,
            "model": summary.model,
            "finished": summary.num_finished,
            "seeds": summary.num_seeds,
            **{
                f"{name}_{key}": value
                for name in METRICS
                for key, value in _numbers(summary, name).items()
            },
            "udr_mean": None if summary.udr is None else f"{summary.udr:.6f}",
        }
        for summary in found
    ]


def _numbers(summary: Summary, name: str) -> dict[str, Any]:
    estimate = summary.estimates[name]
    if estimate is None:
        return dict.fromkeys(("mean", "low", "high", "p")) | {"bold": False}
    has_interval = not math.isnan(estimate.margin)
    p = summary.p_values[name]
    return {
        "mean": f"{estimate.mean:.6f}",
        "low": f"{estimate.low:.6f}" if has_interval else None,
        "high": f"{estimate.high:.6f}" if has_interval else None,
        "p": None if p is None else f"{p:.6f}",
        "bold": summary.is_level[name],
    }


def _cells(
    summary: Summary,
    text: Callable[[str], str],
    plus_minus: str,
    bold: Callable[[str], str],
    has_udr: bool,
) -> list[str]:
    """The cells of a line of the table."""
    cells = [text(summary.model), seeds_of(summary)]
    for name, metric in METRICS.items():
        estimate = summary.estimates[name]
        if estimate is None:
            cells.append("-")
            continue
        cell = f"{estimate.mean:.{metric.digits}f}"
        if not math.isnan(estimate.margin):
            cell += f" {plus_minus} {estimate.margin:.{metric.digits}f}"
        cells.append(bold(cell) if summary.is_level[name] else cell)
    if has_udr:
        cells.append("-" if summary.udr is None else f"{summary.udr:.3f}")
    return cells


def variants_of(found: Sequence[Summary]) -> list[str]:
    """How the scores that there are are computed, as a list."""
    lines = [
        f"* {metric.title}: {VARIANTS[metric.title]}."
        for name, metric in METRICS.items()
        if metric.title in VARIANTS and any(s.values[name] for s in found)
    ]
    return ["\n".join(lines)] if lines else []


def has_udr_column(found: Sequence[Summary]) -> bool:
    """Whether there is a column of UDR: it takes two seeds of a model."""
    return any(summary.udr is not None for summary in found)


def agreement_of(dataset: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """How well UDR orders the runs of a data set as InfoM does."""
    found = agreement([row for row in rows if row["dataset"] == dataset])
    if found is None:
        return []
    return [
        f"UDR orders the {found.num_runs} runs as InfoM does with a rank "
        f"correlation (Spearman) of {found.correlation:.2f}."
    ]


def seeds_of(summary: Summary) -> str:
    """How many seeds; of how many, if some are missing."""
    if summary.num_finished == summary.num_seeds:
        return str(summary.num_seeds)
    return f"{summary.num_finished} of {summary.num_seeds}"


def reading(study: Study, found: Sequence[Summary]) -> str:
    """What the numbers of a table are, and the bold ones if any are tested."""
    tested = [p for each in found for p in each.p_values.values()]
    return " ".join(
        [_meaning(study), *[_BOLD] * any(p is not None for p in tested)]
    )


def _meaning(study: Study) -> str:
    """Of how many runs the numbers are."""
    listed = ", ".join(map(str, study.seeds))
    if len(study.seeds) == 1:
        return f"One run a model, of seed {listed}: there are no intervals."
    return (
        f"Mean over the seeds {listed}, and half the width of its 95 % "
        "confidence interval (Student's t); none where there is one run."
    )


def _not_as_wanted(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each state of runs other than finished."""
    states = dict.fromkeys(row["status"] for row in rows)
    return [
        f"{state.capitalize()}: "
        + "; ".join(
            f"{row['model']} on {row['dataset']}, seed {row['seed']}"
            for row in rows
            if row["status"] == state
        )
        + "."
        for state in states
        if state != "finished"
    ]


def _for_latex(text: str) -> str:
    return text.translate(_SPECIAL)
