"""What the command line writes to standard error: its own lines alone.

This is for the process of a command. Importing the package changes nothing.
"""

import importlib.abc
import importlib.machinery
import logging
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

# TensorFlow writes these while it is imported, from C++ and before any level
# can be set. A process of its own leaves them out: what is written before
# TensorFlow ends the process comes through.
_FILTER = r"""
import re, sys
note = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|[IW]\d{4} [\d:.]+ +\d+ \S+:\d+\] "
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IW] "
    rb"|To enable the following instructions: "
)
for line in sys.stdin.buffer:
    if not note.match(line):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def be_quiet() -> None:
    """Leaves libraries' notes out, and shows warnings in a line each."""
    # At level 2 TensorFlow writes errors too: without a GPU, that there is
    # none.
    level = "2" if _NVIDIA_DRIVER.exists() else "3"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", level)
    if not any(isinstance(each, _TensorFlowFinder) for each in sys.meta_path):
        sys.meta_path.insert(0, _TensorFlowFinder())
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


class _TensorFlowFinder(importlib.abc.MetaPathFinder):
    """Has TensorFlow imported without its notes, whoever imports it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """Loads a module as its own loader does, but without notes."""

    def __init__(self, own: importlib.abc.Loader) -> None:
        self.own = own

    def create_module(
        self, spec: importlib.machinery.ModuleSpec
    ) -> types.ModuleType | None:
        return self.own.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        module.__loader__ = self.own
        if module.__spec__ is not None:
            module.__spec__.loader = self.own
        with _without_notes():
            self.own.exec_module(module)


@contextmanager
def _without_notes() -> Iterator[None]:
    """Passes file descriptor 2 through the filter."""
    try:
        own = os.dup(2)
    except OSError:  # closed: nothing can be written
        yield
        return
    sys.stderr.flush()
    kept = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _FILTER],
        stdin=subprocess.PIPE,
        stdout=own,
    )
    assert kept.stdin is not None  # noqa: S101 - as of PIPE
    os.dup2(kept.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(own, 2)
        os.close(own)
        kept.stdin.close()
        kept.wait()
