"""Which name was meant, where a name is unknown."""

import difflib
import re
from collections.abc import Iterable


class UnknownNameError(ValueError):
    """Of something that is chosen by its name, and is not there."""


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence with the names that are meant, perhaps; else nothing.

    Args:
        name: What was given.
        known: What there is.
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, 3)
    if not close:  # "lr", "wd"
        close = [each for each in known if name == _initials(each)]
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _initials(name: str) -> str:
    """Those of `weight_decay`: `wd`."""
    return "".join(word[:1] for word in re.split(r"[_-]", name))
