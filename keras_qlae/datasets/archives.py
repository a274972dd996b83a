"""Image files in ZIP archives, as if each archive was a folder."""

import functools
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from keras_qlae.datasets.images import MAX_BYTES
from keras_qlae.datasets.images import read_content
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.reading import is_extra
from keras_qlae.datasets.published.reading import open_member
from keras_qlae.files import check_ordinary

SUFFIX = ".zip"
_END = re.compile(r"\.zip(?=" + re.escape(os.sep) + ")", re.IGNORECASE)
_NUM_OPEN = 64  # archives: a table may name their images in any order


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Whether a path is that of an existing ZIP archive, by its suffix."""
    return os.fspath(path).lower().endswith(SUFFIX) and os.path.isfile(path)


def split(path: str) -> tuple[str, str]:
    """Splits the path of an image in an archive.

    `folder/a.zip/b/c.png` is `("folder/a.zip", "b/c.png")`. Of a file that is
    in no archive the first is empty.
    """
    for found in _END.finditer(path):
        if is_archive(path[: found.end()]):
            name = path[found.end() + 1 :].replace(os.sep, "/")
            return path[: found.end()], name
    return "", path


def members(archive: str | os.PathLike[str]) -> list[str]:
    """Lists the files in an archive.

    Hidden files are skipped, and names that lead out of the archive, such as
    `../a.png` or `/a.png`.
    """
    with _damage_named(archive), _open(archive) as file:
        names = [name for name in file.namelist() if not name.endswith("/")]
    if len(set(names)) < len(names):
        raise ValueError(
            f"{archive} must have different names for its files. Received: "
            f"{len(names)} files with {len(set(names))} names"
        )
    return [
        name
        for name in names
        if not is_extra(name)
        and all(p and not p.startswith(".") for p in name.split("/"))
    ]


class Reader:
    """Reads files of folders and of archives, some of which it keeps open.

    Use it in a `with` statement.
    """

    def __init__(self) -> None:
        self._open = functools.lru_cache(_NUM_OPEN)(_open)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.cache_clear()  # an archive without users is closed

    def read(self, path: str) -> bytes:
        """Returns the content of a file; its path is as of `split`."""
        where, name = split(path)
        if not where:
            return read_content(Path(path))
        with (
            _damage_named(where),
            open_member(
                self._open(where), Path(where), name, MAX_BYTES
            ) as file,
        ):
            return file.read()


def exist(paths: list[str]) -> list[bool]:
    """Whether each path is that of a file in a folder or an archive."""
    names = functools.lru_cache(_NUM_OPEN)(lambda path: set(members(path)))
    found = []
    for path in paths:
        where, name = split(path)
        found.append(name in names(where) if where else os.path.exists(path))
    return found


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Opens a text file in UTF-8, of a folder or an archive."""
    where, _ = split(os.fspath(path))
    if where:
        with Reader() as reader:
            content = reader.read(os.fspath(path))
        yield io.StringIO(content.decode("utf-8-sig"), newline="")
        return
    check_ordinary(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield file


def _open(path: str | os.PathLike[str]) -> zipfile.ZipFile:
    check_ordinary(Path(path))
    return zipfile.ZipFile(path)


@contextmanager
def _damage_named(archive: str | os.PathLike[str]) -> Iterator[None]:
    """Turns what the libraries raise for damage into one error."""
    try:
        yield
    except ContentError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError),
        *(NotImplementedError, RuntimeError, OSError),
    ) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # of the disk; a place outside the archive has no name
        raise ValueError(
            f"{archive} must be a complete ZIP archive. Received: "
            f"{str(error)[:200]}"
        ) from error
