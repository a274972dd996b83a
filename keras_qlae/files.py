"""Files that are written completely or not at all, locks, and tables."""

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
from typing import IO
from typing import Any

MAX_TEXT = 2**28  # bytes of a JSON or CSV file that are read

_LOCK = ".lock"


class FileContentError(ValueError):
    """An error in a file that a person wrote, in the terms of that file."""


@contextmanager
def replacing(path: Path, size: int = 0) -> Iterator[Path]:
    """Yields a temporary path, and renames it to `path` if nothing failed.

    The temporary file is in the folder of `path` and has its suffix. It is
    flushed to the disk before the rename, so that a crash leaves the old file
    or the new one. Folders work too. A link at either name is replaced, never
    followed.

    With less space on the disk than `size`, a rough number of bytes, it fails
    at once; use it if a library cannot stop midway. The message of an `OSError`
    names the path.
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
            f"Cannot write {path}: {error.strerror or error}. The old content "
            "is unchanged. Free some space or choose a directory that can be "
            "written",
        ) from error
    except BaseException:
        _try_to_remove(temporary)
        raise


@contextmanager
def locked(folder: Path, busy: str | None) -> Iterator[None]:
    """Holds the lock of a folder, which is created if necessary.

    If another process holds it, this raises `RuntimeError` with the message
    `busy`, or waits if that is `None`. The lock ends with the process, even if
    that is killed. Without `fcntl` (on Windows) there is no lock. A lock file
    that is a link or not an ordinary file is refused: the folder may come from
    somebody else.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _open_own(folder / _LOCK, os.O_RDWR)
    with os.fdopen(descriptor, "rb+", buffering=0) as file:
        try:
            waits = 0 if busy is None else fcntl.LOCK_NB
            fcntl.flock(file, fcntl.LOCK_EX | waits)
        except BlockingIOError as error:
            raise RuntimeError(busy) from error
        yield


def write_text(path: Path, text: str) -> None:
    """Writes a text file, completely or not at all.

    A file name in the text that is not valid UTF-8 is written with
    backslashes.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8", errors="backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON, completely or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Reads a JSON file."""
    _check_text(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} is not valid JSON: {reason}") from error


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows as CSV with a header, completely or not at all.

    The columns are the names of all rows; `None` is an empty cell.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_csv(path: Path) -> list[dict[str, str]]:
    """Reads the rows of a CSV file with a header."""
    _check_text(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid CSV: {error}") from error


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Makes a table in Markdown, without a line break at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def digest(path: Path) -> str:
    """Computes the SHA-256 hash of an ordinary file."""
    check_ordinary(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_ordinary(path: Path) -> None:
    """Refuses pipes and devices, on which a reader may wait forever."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if path.exists() and not path.is_file():
        raise OSError(
            errno.ENOTSUP, "It is a pipe or a device, not a file", path
        )


def open_to_append(path: Path) -> IO[str]:
    """Opens a text file for appending; creates it if necessary.

    Links are refused: the folder may come from somebody else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open_own(path, os.O_WRONLY | os.O_APPEND)
    return os.fdopen(descriptor, "a", encoding="utf-8")


def sweep(folder: Path) -> None:
    """Removes what a killed `replacing` has left in a folder.

    Call it only while no other process writes there.
    """
    for pattern in (".*.partial", ".*.partial.*"):
        for path in folder.glob(pattern):
            _remove(path)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _check_text(path: Path) -> None:
    """Raises if a file is too large to be read."""
    check_ordinary(path)
    num_bytes = path.stat().st_size
    if num_bytes > MAX_TEXT:
        raise ValueError(
            f"{path} is damaged: it has {num_bytes:,} bytes, more than the "
            f"{MAX_TEXT:,} that are read"
        )


def _open_own(path: Path, flags: int) -> int:
    """Opens or creates an ordinary file, and follows no link."""
    flags |= os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(
                errno.ELOOP,
                f"{path} is a link and is not followed: remove it if the "
                "folder is yours",
            ) from error
        if error.errno == errno.ENXIO:  # a pipe that nobody reads
            raise _not_ordinary(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_ordinary(path)
    return descriptor


def _not_ordinary(path: Path) -> OSError:
    return OSError(errno.EINVAL, f"{path} is not an ordinary file: remove it")


def _check_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(
            errno.ENOSPC,
            f"No space left on the disk: {size / 1e6:.1f} MB are needed, "
            f"{free / 1e6:.1f} MB are free",
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
    """Ignores errors: the error that led here was already reported."""
    try:
        _remove(path)
    except OSError:
        return


def _take_place(temporary: Path, path: Path) -> None:
    """Renames; moves a folder that is in the way aside first."""
    if path.is_symlink() or not path.is_dir():
        os.replace(temporary, path)
        return
    old = path.with_name(f".{path.name}.partial.old")
    _remove(old)
    os.replace(path, old)
    os.replace(temporary, path)
    _remove(old)
