"""Settings of a recipe as `--set NAME=VALUE`."""

from typing import Any

import click

from keras_qlae import recipes


def overrides(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The values of `--set`, each of the type of its setting."""
    known = recipes.settings()
    values: dict[str, Any] = {}
    for pair in pairs:
        name, found, text = pair.partition("=")
        if not found:
            raise click.BadParameter(f"--set wants NAME=VALUE, not {pair!r}")
        name = name.replace("-", "_")
        default = known[name].default if name in known else text
        values[name] = _parsed(name, text, default)
    return values


def _parsed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return bool(click.BOOL.convert(text, None, None))
    try:
        return type(default)(text)
    except ValueError:
        raise click.BadParameter(
            f"--set {name} wants a value like {default}, not {text!r}"
        ) from None
