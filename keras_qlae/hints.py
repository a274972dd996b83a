"""Suggests similar names for an unknown name."""

import difflib
import re
from collections.abc import Iterable


class UnknownNameError(ValueError):
    """Raised for an unknown name of something that is chosen by name."""


def hint(name: str, known: Iterable[str]) -> str:
    """Returns a sentence with similar names, or an empty string.

    Args:
        name: The name that was given.
        known: The names that are available.
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, 3)
    if not close:  # "lr", "wd"
        close = [each for each in known if name == _initials(each)]
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _initials(name: str) -> str:
    """Returns the initials of a name: `wd` of `weight_decay`."""
    return "".join(word[:1] for word in re.split(r"[_-]", name))
