"""The table of a comparison as Markdown, LaTeX and numbers."""

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from keras_qlae.comparing.overall import Overall
from keras_qlae.comparing.overall import overall
from keras_qlae.comparing.selection import MEANING
from keras_qlae.comparing.selection import agreement
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.summary import Metric
from keras_qlae.comparing.summary import Summary
from keras_qlae.comparing.summary import metrics_of
from keras_qlae.files import markdown_table
from keras_qlae.metrics import VARIANTS
from keras_qlae.runs.reporting import caution

UDR = ("UDR",)
_BOLD = (
    "Bold: the best mean of a column, and means not significantly different "
    "from it (Welch's t-test, 5 %, Holm's correction)."
)
ALL_MEANING = (
    "Mean over the data sets, each of which counts the same. In brackets, the "
    "difference from the best mean over the runs with the same data set and "
    "seed, and half the width of its 95 % confidence interval. Bold: the best "
    "mean, and means not significantly different from it (paired t-test over "
    "these runs, 5 %, Holm's correction). A model without a run on every data "
    "set has no mean."
)
_TWO_SEEDS = (
    "With two seeds hardly any difference is significant, so that most or all "
    "means are bold: use at least five seeds."
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
    """Makes the text of `table.md`: a table per data set, and its legend.

    A study of several data sets also has a table of all of them together.
    """
    parts = ["# Comparison"]
    has_udr = has_udr_column(found)
    head = head_of(found) + UDR * has_udr
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
    if len(study.datasets) > 1:
        parts += ["## All data sets", all_datasets(study, rows), ALL_MEANING]
    parts += [MEANING] * has_udr
    parts += variants_of(found)
    parts += [reading(study, found), *_not_as_wanted(rows)]
    return "\n\n".join(parts) + "\n"


def all_datasets(study: Study, rows: Sequence[dict[str, Any]]) -> str:
    """Makes the table of the means over all data sets, in Markdown."""
    found = overall(study, rows)
    names = list(metrics_of(rows))
    head = "model", *(METRICS[name].title for name in names)
    lines = []
    for model, own in found.items():
        cells = [overall_text(own[name], METRICS[name]) for name in names]
        bold = [
            f"**{cell}**" if own[name].is_level else cell
            for name, cell in zip(names, cells, strict=True)
        ]
        lines.append([model, *bold])
    return markdown_table(head, lines)


def overall_text(own: Overall, metric: Metric) -> str:
    """A mean over all data sets, and its difference from the best."""
    if own.mean is None:
        return "-"
    text = f"{own.mean:.{metric.digits}f}"
    if own.difference is None:
        return text
    text += f" ({own.difference.mean:+.{metric.digits}f}"
    if not math.isnan(own.difference.margin):
        text += f" ± {own.difference.margin:.{metric.digits}f}"
    return f"{text})"


def latex(study: Study, found: Sequence[Summary]) -> str:
    """Makes the text of `table.tex`: a `tabular` per data set."""
    parts = []
    has_udr = has_udr_column(found)
    head = head_of(found) + UDR * has_udr
    for dataset in study.datasets:
        body = [
            _cells(
                summary,
                lambda text: text.translate(_SPECIAL),
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
    """Makes the rows of `table.csv`: means, ends of intervals, p-values.

    A cell is empty if there is no score, interval, or test against the best.
    """
    return [
        {
            "dataset": summary.dataset,
            "model": summary.model,
            "finished": summary.num_finished,
            "seeds": summary.num_seeds,
            **{
                f"{name}_{key}": value
                for name in summary.values
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
    for name, estimate in summary.estimates.items():
        metric = METRICS[name]
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
    """How the available scores are computed, as a list."""
    lines = [
        f"* {metric.title}: {VARIANTS[metric.title]}."
        for name, metric in METRICS.items()
        if metric.title in VARIANTS and any(s.values.get(name) for s in found)
    ]
    return ["\n".join(lines)] if lines else []


def head_of(found: Sequence[Summary]) -> tuple[str, ...]:
    """The head of the table, but for UDR."""
    return "model", "seeds", *(METRICS[name].title for name in found[0].values)


def has_udr_column(found: Sequence[Summary]) -> bool:
    """Whether there is a column of UDR, which needs two seeds of a model."""
    return any(summary.udr is not None for summary in found)


def agreement_of(dataset: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """The rank correlation of UDR and InfoM on a data set, in words."""
    found = agreement([row for row in rows if row["dataset"] == dataset])
    if found is None:
        return []
    return [
        f"Spearman's rank correlation of UDR and InfoM over the "
        f"{found.num_runs} runs is {found.correlation:.2f}."
    ]


def seeds_of(summary: Summary) -> str:
    """The number of seeds, such as 3, or 2 of 3 if some are missing."""
    if summary.num_finished == summary.num_seeds:
        return str(summary.num_seeds)
    return f"{summary.num_finished} of {summary.num_seeds}"


def reading(study: Study, found: Sequence[Summary]) -> str:
    """The meaning of the numbers of a table, and of bold ones if tested."""
    tested = [p for each in found for p in each.p_values.values()]
    sentences = [_meaning(study)]
    if any(p is not None for p in tested):
        sentences.append(_BOLD)
        if max(each.num_finished for each in found) == 2:
            sentences.append(_TWO_SEEDS)
    return " ".join(sentences)


def _meaning(study: Study) -> str:
    """The runs over which the numbers are means."""
    listed = ", ".join(map(str, study.seeds))
    if len(study.seeds) == 1:
        return f"One run per model, with seed {listed}: there are no intervals."
    return (
        f"Mean over the seeds {listed} ± half the width of its 95 % "
        "confidence interval (Student's t), if there are two runs or more."
    )


def _not_as_wanted(rows: Sequence[dict[str, Any]]) -> list[str]:
    """One line per state of runs other than finished."""
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
