"""`--json`: the results of a command, for scripts."""

import contextlib
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for scripts."
)


def quiet_if(as_json: bool) -> contextlib.AbstractContextManager[Any]:
    """Sends other output to standard error if JSON will be printed."""
    if as_json:
        return contextlib.redirect_stdout(sys.stderr)
    return contextlib.nullcontext()


def print_json(value: Any) -> None:
    """Prints plain values; numbers that are not finite are null."""
    text = json.dumps(_finite(value), indent=2, allow_nan=False)
    click.echo(text)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    is_number = not isinstance(value, float) or math.isfinite(value)
    return value if is_number else None
