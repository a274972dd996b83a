"""Keeps the output of libraries off standard error."""

import logging
import os
import warnings
from typing import Any

import click

from keras_qlae import tensorflow_notes


def be_quiet() -> None:
    """Suppresses libraries' notes; shows each warning in one line."""
    tensorflow_notes.leave_out()
    os.environ.setdefault(tensorflow_notes.LEVEL, tensorflow_notes.level())
    for name in (
        "tensorflow",
        "absl",
    ):  # their advice is not on the user's code
        logging.getLogger(name).setLevel(logging.ERROR)
    logger = logging.getLogger("keras_qlae")
    if not any(isinstance(each, _Handler) for each in logger.handlers):
        logger.addHandler(_Handler())
    warnings.showwarning = _show_warning


class _Handler(logging.Handler):
    """Shows the log of the package, one line per message."""

    def emit(self, record: logging.LogRecord) -> None:
        name = record.levelname.capitalize()
        click.echo(f"{name}: {_in_a_line(record.getMessage())}", err=True)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    click.echo(f"Warning: {_in_a_line(str(message))}", err=True)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
