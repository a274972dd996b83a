"""Helpers of the tests of hostile files."""

import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

SECONDS = 60  # that a refusal may take, on a machine that is busy


def tree(folder):
    """The content of every file below a folder; of a link, where it leads."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[path] = str(path.readlink()).encode()
        elif path.is_file():
            found[path] = path.read_bytes()
    return found


@contextmanager
def time_limit():
    """Fails a test that waits for ever."""

    def too_long(number, frame):
        raise AssertionError(f"it takes more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refused(call, message):
    """The call fails with this message, which is short; nothing else."""
    with time_limit(), pytest.raises((ValueError, OSError)) as caught:
        call()
    text = str(caught.value)
    assert re.search(message, text), text
    assert is_short(text)


def is_short(text):
    """Whether a person reads a message to its end."""
    return len(text.splitlines()) <= 15 and len(text) < 2500


def flips(path, number=100, seed=0):
    """Flips one bit after the other, each in the original file."""
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, 8 * len(whole), number):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        yield int(place)
    path.write_bytes(whole)


class _Opened:
    """Records the files that are opened for reading, while it is active."""

    def __init__(self):
        self.paths = None
        sys.addaudithook(self._hook)  # it cannot be taken off again

    def _hook(self, event, arguments):
        if event != "open" or self.paths is None:
            return
        path, mode, _ = arguments
        if isinstance(path, str | bytes | Path) and "r" in (mode or ""):
            self.paths.add(str(path))


_opened = _Opened()


@contextmanager
def files_read():
    """The paths that Python opens to read them, as a set that fills."""
    _opened.paths = set()
    try:
        yield _opened.paths
    finally:
        _opened.paths = None
