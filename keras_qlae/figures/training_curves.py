"""What was logged in training, one panel per quantity."""

import math
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_qlae.figures.checks import Floats
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import GREEN
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import PURPLE
from keras_qlae.figures.style import RULE
from keras_qlae.figures.style import VERMILION
from keras_qlae.figures.style import number
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INFOMEC = {
    "val_infom": ("InfoM", INK),
    "val_infoe": ("InfoE", GREEN),
    "val_infoc": ("InfoC", PURPLE),
}
_ACRONYMS = {"psnr": "PSNR (dB)", "kl": "KL"}
_PREFIX = "val_"
_LABEL_DISTANCE = 0.09  # between two labels, as a part of the panel's height


@own_style()
def training_curves(history: Mapping[str, Iterable[Any]]) -> "Figure":
    """Shows what was logged in training, one panel per quantity.

    A quantity and its `val_` counterpart share a panel. So do `val_infom`,
    `val_infoe` and `val_infoc`, on [0, 1]. The axis of a loss that spans more
    than a factor of 20 is logarithmic, which its title says.

    Args:
        history: For each name the values, one per epoch: `History.history` or
            the columns of a `metrics.csv`. `None`, NaN, infinity, `""` and
            `"NA"` are missing values: they are skipped, and the line joins
            their neighbours. A column `"epoch"` is the horizontal axis; by
            default epochs are counted from 1. A column without values is left
            out.

    Returns:
        A Matplotlib figure.

    Raises:
        ValueError: If there is nothing to show, lengths differ, or a value is
            not a number.
    """
    columns = {name: _column(name, history[name]) for name in history}
    epochs = _epochs(columns)
    columns = {
        name: values
        for name, values in columns.items()
        if np.isfinite(values).any()
    }
    groups = groups_of(columns)
    if not groups:
        raise ValueError(
            "`history` must have a column with at least one value besides "
            f"'epoch'. Received: columns {sorted(history)}"
        )
    figure, panels = small_multiples(len(groups), 3.0, 2.0, sharex=True)
    for axes, (title, names) in zip(panels, groups.items(), strict=True):
        lines = {name: columns[name] for name in names}
        if title == "InfoMEC":
            _draw_infomec(axes, epochs, lines)
        else:
            _draw_quantity(axes, title, epochs, lines)
        axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.6)
    _finish(figure, panels, columns, epochs)
    return figure


def _column(name: str, values: Iterable[Any]) -> Floats:
    try:
        numbers = [
            math.nan if value is None or value in ("", "NA") else float(value)
            for value in values
        ]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`history[{name!r}]` must be numbers, or None where a value is "
            f"missing. Received: {error}"
        ) from error
    column = np.asarray(numbers, dtype=np.float64)
    return np.where(np.isfinite(column), column, np.nan)


def _epochs(columns: Mapping[str, Floats]) -> Floats:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            "`history` must have columns of the same length, one value per "
            f"epoch. Received: lengths {lengths}"
        )
    if "epoch" in columns:
        return columns["epoch"]
    return np.arange(1.0, 1.0 + max(lengths.values(), default=0))


def groups_of(names: Iterable[str]) -> dict[str, list[str]]:
    """Groups the names into panels, in the order of their first occurrence."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if name == "epoch":
            continue
        quantity = name.removeprefix(_PREFIX)
        title = "InfoMEC" if name in _INFOMEC else _title(quantity)
        groups.setdefault(title, []).append(name)
    return groups


def _title(quantity: str) -> str:
    words = [_ACRONYMS.get(word, word) for word in quantity.split("_")]
    title = " ".join(words)
    return title[:1].upper() + title[1:]


def _draw_quantity(
    axes: "Axes", title: str, epochs: Floats, lines: Mapping[str, Floats]
) -> None:
    for name, values in lines.items():
        colour = VERMILION if name.startswith(_PREFIX) else BLUE
        _line(axes, name, epochs, values, colour)
    finite = np.concatenate([each[~np.isnan(each)] for each in lines.values()])
    is_loss = title.lower().endswith("loss")
    if is_loss and 0 < 20 * finite.min() < finite.max():
        axes.set_yscale("log")
        _plain_log_labels(axes)
        title += " (log scale)"
    elif finite.min() == finite.max() > 0:
        axes.set_ylim(0.0, 2.0 * finite.max())
    axes.set_title(title)


def _plain_log_labels(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter
    from matplotlib.ticker import LogLocator
    from matplotlib.ticker import NullFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_infomec(
    axes: "Axes", epochs: Floats, lines: Mapping[str, Floats]
) -> None:
    ends = []
    for name, values in lines.items():
        label, colour = _INFOMEC[name]
        _line(axes, name, epochs, values, colour)
        last = float(values[~np.isnan(values)][-1])
        ends.append((last, f"{label} {number(last)}", colour))
    ends.sort(key=lambda end: end[0])
    heights = _spread([end[0] for end in ends])
    for height, (_, label, colour) in zip(heights, ends, strict=True):
        axes.annotate(
            label,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8.5,
        )
    axes.set(ylim=(0, 1.02), yticks=[0, 0.25, 0.5, 0.75, 1])
    axes.set_title("InfoMEC")


def _spread(heights: list[float]) -> list[float]:
    """Moves sorted heights in [0, 1] apart so that labels do not overlap."""
    placed: list[float] = []
    for height in heights:
        lowest = placed[-1] + _LABEL_DISTANCE if placed else 0.0
        placed.append(max(height, lowest))
    highest = 1.0
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], highest)
        highest = placed[i] - _LABEL_DISTANCE
    return placed


def _line(
    axes: "Axes", name: str, epochs: Floats, values: Floats, colour: str
) -> None:
    known = ~(np.isnan(values) | np.isnan(epochs))
    axes.plot(
        epochs[known],
        values[known],
        label=name,
        color=colour,
        marker="o" if known.sum() == 1 else "",
    )


def _finish(
    figure: "Figure",
    panels: "list[Axes]",
    columns: Mapping[str, Floats],
    epochs: Floats,
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    panels[0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    figure.supxlabel("Epoch", fontsize=10)
    if any(name.startswith(_PREFIX) for name in columns):
        figure.legend(
            [Line2D([], [], color=BLUE), Line2D([], [], color=VERMILION)],
            ["training", "validation"],
            loc="outside upper right",
            ncols=2,
            frameon=False,
            labelcolor=INK,
        )
