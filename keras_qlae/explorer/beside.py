"""Pictures of two runs side by side."""

from collections.abc import Sequence
from typing import NamedTuple

from keras_qlae.explorer.document import Section
from keras_qlae.explorer.document import as_json
from keras_qlae.explorer.document import asset
from keras_qlae.explorer.document import bundle


class Shown(NamedTuple):
    """A run whose picture can be chosen.

    Attributes:
        name: Name of the run.
        scores: Its scores in one line.
        picture: Its traversals, as a `data:` address.
    """

    name: str
    scores: str
    picture: str


def side_by_side(shown: Sequence[Shown]) -> Section:
    """A section with two lists of runs, and the picture of each choice."""
    runs = as_json([each._asdict() for each in shown])
    script = f"{bundle('elements.js', 'beside.js')}\nputBeside({runs});"
    return Section("Side by side", asset("beside.html"), script)
