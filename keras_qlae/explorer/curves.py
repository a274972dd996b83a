"""Training curves that can be zoomed."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_qlae.explorer.document import Section
from keras_qlae.explorer.document import as_json
from keras_qlae.explorer.document import asset
from keras_qlae.explorer.document import bundle
from keras_qlae.explorer.fragments import table
from keras_qlae.figures.training_curves import groups_of

_WIDE = 20  # a loss that spans a larger factor has a logarithmic axis


def curves(columns: Mapping[str, Sequence[float]]) -> Section:
    """A section with one panel per quantity, as in `training_curves`.

    Args:
        columns: For each name the values, one per epoch; NaN if there is
            none. `"epoch"` is the horizontal axis.

    Reference:
        uPlot draws the curves, https://github.com/leeoniya/uPlot, MIT licence.
    """
    columns = {name: [*map(float, columns[name])] for name in columns}
    epochs = columns.pop("epoch")
    columns = {
        name: values
        for name, values in columns.items()
        if any(map(math.isfinite, values))
    }
    panels = [
        _panel(title, {name: columns[name] for name in names})
        for title, names in groups_of(columns).items()
    ]
    licence = asset("uplot/LICENSE")
    script = "\n".join(
        [
            f"/*! uPlot\n{licence}*/",
            asset("uplot/uPlot.iife.min.js"),
            bundle("elements.js", "curves.js"),
            f"drawCurves({as_json({'epochs': epochs, 'panels': panels})});",
        ]
    )
    numbers = table(
        ("epoch", *columns),
        [
            [f"{epoch:g}", *(_text(columns[name][i]) for name in columns)]
            for i, epoch in enumerate(epochs)
        ],
    )
    inner = (
        f"<style>{asset('uplot/uPlot.min.css')}</style>{asset('curves.html')}"
        f"<details><summary>The numbers</summary>{numbers}</details>"
    )
    return Section("Training curves", inner, script)


def _panel(title: str, lines: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    finite = [x for each in lines.values() for x in each if math.isfinite(x)]
    is_log = "loss" in title.lower() and 0 < _WIDE * min(finite) < max(finite)
    return {
        "title": f"{title} (log scale)" if is_log else title,
        "isLog": is_log,
        "lines": [
            {
                "name": _name(name),
                "values": [x if math.isfinite(x) else None for x in values],
            }
            for name, values in lines.items()
        ],
    }


def _name(column: str) -> str:
    """The name of a line in its panel."""
    known = {"val_infom": "InfoM", "val_infoe": "InfoE", "val_infoc": "InfoC"}
    is_held_out = column.startswith("val_")
    return known.get(column, "held-out" if is_held_out else "training")


def _text(value: float) -> str:
    return f"{value:.5g}" if math.isfinite(value) else ""
