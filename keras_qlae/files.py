"""The ground floor: files that are whole or not there, locks, tables."""

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import stat
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOCK = ".lock"


class FileContentError(ValueError):
    """What is wrong in a file that a person wrote, in the words of the file."""


@contextmanager
def replacing(path: Path, size: int = 0) -> Iterator[Path]:
    """A temporary path that takes the place of `path` when all went well.

    The temporary name stands beside `path`, keeps its suffix, and is flushed
    to the disk before the rename, so that a crash leaves the old file or the
    new one. Files and folders both work. A link at either name is replaced,
    never followed.

    Args:
        path: Where the file or folder shall be.
        size: Bytes that will be written, roughly. With less space on the disk
            nothing is begun. For formats whose library cannot stop midway.

    Yields:
        Where to write it.

    Raises:
        OSError: The disk is full or read-only; says which path.
    """
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(temporary)
        _check_space(path.parent, size)
        yield temporary
        _flush(temporary)
        _take_place(temporary, path)
    except OSError as error:
        _try_to_remove(temporary)
        raise type(error)(
            error.errno,
            f"Cannot write {path}: {error.strerror or error}. What was there "
            "is as it was. Free some space or choose a directory that can be "
            "written",
        ) from error
    except BaseException:
        _try_to_remove(temporary)
        raise


@contextmanager
def locked(folder: Path, busy: str) -> Iterator[None]:
    """Holds the lock of a folder, which is made if need be.

    The lock ends with the process, however that ends. Without `fcntl`
    (Windows) there is none.

    Args:
        folder: The folder.
        busy: The message if another process holds the lock.

    Raises:
        RuntimeError: Another process holds it.
        OSError: The folder cannot be written, or its lock file is a link or
            no ordinary file: the folder may come from somebody else.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _open_lock(folder / _LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(busy) from error
        yield


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all.

    A name of a file that is not valid UTF-8 is written with backslashes.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8", errors="backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        ValueError: It is not JSON; says which file.
        FileNotFoundError: It is not there.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} is not valid JSON: {reason}") from error


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows as CSV with a header, whole or not at all.

    The columns are the names in any of the rows; `None` is an empty cell.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_csv(path: Path) -> list[dict[str, str]]:
    """Reads the rows of a CSV file with a header.

    Raises:
        ValueError: It is not CSV; says which file.
        FileNotFoundError: It is not there.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid CSV: {error}") from error


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown, without a line break at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def digest(path: Path) -> str:
    """The SHA-256 hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> None:
    """Removes what a killed `replacing` left in a folder.

    Call it only while no other process writes there.
    """
    for pattern in (".*.partial", ".*.partial.*", ".*.old"):
        for path in folder.glob(pattern):
            _remove(path)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _open_lock(path: Path) -> Any:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OSError(
            errno.ELOOP,
            f"{path} is a link, and a lock is not: remove it if the folder is "
            "yours",
        ) from error
    file = os.fdopen(descriptor, "rb+", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError(
            errno.EINVAL, f"{path} is not an ordinary file: remove it"
        )
    return file


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
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _try_to_remove(path: Path) -> None:
    """What there is to say has been said by the error that led here."""
    try:
        _remove(path)
    except OSError:
        return


def _take_place(temporary: Path, path: Path) -> None:
    """Renames; a folder cannot be renamed onto one that is not empty."""
    if path.is_symlink() or not path.is_dir():
        os.replace(temporary, path)
        return
    old = path.with_name(f".{path.name}.old")
    _remove(old)
    os.replace(path, old)
    os.replace(temporary, path)
    _remove(old)
