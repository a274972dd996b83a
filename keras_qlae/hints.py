"""Which name was meant, where a name is unknown."""

import difflib
from collections.abc import Iterable


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence with the names that are meant, perhaps; else nothing.

    Args:
        name: What was given.
        known: What there is.
    """
    close = difflib.get_close_matches(name, list(known), 3)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
