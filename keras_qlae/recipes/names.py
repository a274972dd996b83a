"""Names of settings, read from source: importing the parts takes seconds."""

import ast
import dataclasses
import functools
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_qlae.hints import hint
from keras_qlae.recipes.parts import FIXED
from keras_qlae.recipes.parts import SEATS
from keras_qlae.recipes.parts import SettingError


def check_names(values: Mapping[str, Any]) -> None:
    """Refuses names that no part of the package has, before Keras is loaded.

    If there is a part from elsewhere, every name is accepted.
    """
    if any(":" in text for text in _texts(values)):
        return
    known = known_names()
    for name in values:
        last = name.replace("-", "_").rpartition(".")[2]
        if last not in known:
            raise SettingError(
                "No recipe has a setting of this name."
                f"{hint(last, sorted(known))} Received: {name!r}",
                name,
            )


@functools.cache
def known_names() -> frozenset[str]:
    """The seats, and all arguments of functions in the files of parts."""
    names = {*SEATS, *FIXED}
    for part in FIXED.values():
        names |= {field.name for field in dataclasses.fields(part)}
    root = Path(__file__).parents[1]
    for module in set(SEATS.values()):
        folder = root / module.rpartition(".")[2]
        for path in folder.glob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return frozenset(names)


def _texts(value: Any) -> Iterator[str]:
    """All strings in nested values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from (str(name), *_texts(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
