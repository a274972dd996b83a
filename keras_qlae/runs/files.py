"""Files that are whole or not there."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path, size: int = 0) -> Iterator[Path]:
    """A temporary path that takes the place of `path` when all went well.

    The temporary name stands beside `path`, keeps its suffix, and is flushed
    to the disk before the rename, so that a crash leaves the old file or the
    new one. Files and folders both work.

    Args:
        path: Where the file or folder shall be.
        size: Bytes that will be written, roughly: with less on the disk
            nothing is begun. For formats whose library cannot stop midway.

    Yields:
        Where to write it.

    Raises:
        OSError: The disk is full or read-only; says which path.
    """
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    _remove(temporary)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_space(path.parent, size)
        yield temporary
        _flush(temporary)
        _take_place(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise type(error)(
            error.errno,
            f"Cannot write {path}: {error.strerror or error}. What was there "
            "is as it was. Free some space or choose a directory that can be "
            "written",
        ) from error
    except BaseException:
        _remove(temporary)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Reads a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _check_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(
            errno.ENOSPC,
            f"No space left on the disk, {size / 1e6:.1f} MB are needed and "
            f"{free / 1e6:.1f} MB free",
        )


def _flush(path: Path) -> None:
    files = path.rglob("*") if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _take_place(temporary: Path, path: Path) -> None:
    """Renames; a folder cannot be renamed onto one that is not empty."""
    if not path.is_dir():
        os.replace(temporary, path)
        return
    old = path.with_name(f".{path.name}.old")
    _remove(old)
    os.replace(path, old)
    os.replace(temporary, path)
    _remove(old)
