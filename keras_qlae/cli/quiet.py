"""What the command line writes to standard error: its own lines alone."""

import logging
import os
import warnings
from typing import Any

import click

from keras_qlae import tensorflow_notes


def be_quiet() -> None:
    """Leaves libraries' notes out, and shows warnings in a line each."""
    tensorflow_notes.leave_out()
    os.environ.setdefault(tensorflow_notes.LEVEL, tensorflow_notes.level())
    for name in ("tensorflow", "absl"):  # advice on code that is not the user's
        logging.getLogger(name).setLevel(logging.ERROR)
    logger = logging.getLogger("keras_qlae")
    if not any(isinstance(each, _Handler) for each in logger.handlers):
        logger.addHandler(_Handler())
    warnings.showwarning = _show_warning


class _Handler(logging.Handler):
    """Shows what the package logs, in a line each."""

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
