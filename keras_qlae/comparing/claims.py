"""Claims of runs, for processes of several machines that share a disk."""

import contextlib
import json
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

EXPIRY = 300.0  # seconds without a sign of life
_BEAT = 30.0  # seconds between signs of life
_OWNER = "owner.json"


@contextlib.contextmanager
def claimed(path: Path, expiry: float = EXPIRY) -> Iterator[bool]:
    """Claims a run for one process of several machines; yields whether it has.

    A claim is a folder: `mkdir` succeeds in one process only, on network disks
    too. Its owner touches it while it is running. A claim that was not touched
    for `expiry` seconds is removed, by one process at a time, and claimed
    again. The claim of a process of this machine that has ended is removed at
    once.
    """
    if not _claim(path, expiry):
        yield False
        return
    done = threading.Event()
    beating = threading.Thread(
        target=_beat, args=(path, min(_BEAT, expiry / 4), done), daemon=True
    )
    beating.start()
    try:
        yield True
    finally:
        done.set()
        beating.join()
        shutil.rmtree(path, ignore_errors=True)


def _claim(path: Path, expiry: float) -> bool:
    """Makes the folder, unless its owner is running."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = None
    while True:
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            owner = {"host": socket.gethostname(), "pid": os.getpid()}
            (path / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
            return True
        try:
            last = path.stat().st_mtime
        except FileNotFoundError:
            continue  # it was released
        if seen is not None and last != seen:
            return False
        seen = last
        if not _take_away(path, expiry):
            time.sleep(min(1.0, expiry / 8))


def _has_ended(path: Path) -> bool:
    """Whether the owner was a process of this machine that has ended."""
    try:
        owner = json.loads((path / _OWNER).read_text(encoding="utf-8"))
        if owner["host"] != socket.gethostname():
            return False
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        pass  # from somebody else, or being written
    return False


def _take_away(path: Path, expiry: float) -> bool:
    """Removes a claim if it is old; one process at a time checks it."""
    turn = path.with_name(f".{path.name}.turn")
    try:
        turn.mkdir()
    except FileExistsError:
        with contextlib.suppress(OSError):  # left by a process that was killed
            if _now(path.parent) - turn.stat().st_mtime > max(expiry, 10):
                turn.rmdir()
        return False
    try:
        age = _now(path.parent) - path.stat().st_mtime
        if age <= expiry and not _has_ended(path):
            return False
        shutil.rmtree(path)
    except FileNotFoundError:
        pass  # it was released
    finally:
        turn.rmdir()
    return True


def _now(folder: Path) -> float:
    """The time by the disk's clock."""
    path = folder / f".{uuid.uuid4().hex}"
    path.touch()
    try:
        return path.stat().st_mtime
    finally:
        path.unlink(missing_ok=True)


def _beat(path: Path, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds):
        with contextlib.suppress(OSError):
            os.utime(path)
