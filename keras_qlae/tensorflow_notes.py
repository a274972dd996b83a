"""Suppresses the notes that TensorFlow writes when it is imported.

They are lines on standard error on the instructions that it uses and on a
missing GPU. They come from C++, before a log level can be set.
"""

import importlib.abc
import importlib.machinery
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# A separate process filters the notes, so that what TensorFlow writes before
# it ends the process is not lost.
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


def leave_out() -> None:
    """Makes later imports of TensorFlow suppress its notes."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def level() -> str:
    """The level of TensorFlow's log: errors, or nothing without a GPU.

    Without a GPU, TensorFlow reports that as an error.
    """
    return "2" if _NVIDIA_DRIVER.exists() else "3"


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow with a loader that suppresses its notes."""

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
    """Loads a module with its own loader, but without notes."""

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
    """Passes file descriptor 2 through the filter, and sets the level."""
    sys.stderr.flush()
    try:
        own = os.dup(2)
        kept = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _FILTER],
            stdin=subprocess.PIPE,
            stdout=own,
        )
    except OSError:  # standard error is closed, or no process can be started
        yield
        return
    assert kept.stdin is not None  # noqa: S101 - as of PIPE
    given = os.environ.get(LEVEL)
    os.environ.setdefault(LEVEL, level())  # TensorFlow reads it once
    os.dup2(kept.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(own, 2)
        os.close(own)
        kept.stdin.close()
        kept.wait()
        if given is None:
            os.environ.pop(LEVEL, None)
