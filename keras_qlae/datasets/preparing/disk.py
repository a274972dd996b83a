"""Errors of a disk that is full, or cannot be read or written."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import gigabytes

_FULL = (errno.ENOSPC, errno.EDQUOT)
# Libraries raise `OSError` for damaged files too: without a number, or after
# a seek to where a damaged file points.
_OF_DAMAGE = (None, errno.EINVAL)


class UnreadableError(OSError):
    """Raised for a file that exists but cannot be read now."""


def is_damage(error: BaseException) -> bool:
    """Whether an error is due to the content of a file, not to the disk."""
    return not isinstance(error, OSError) or error.errno in _OF_DAMAGE


def check_room(store: Store) -> None:
    """Raises `OSError` if there is not enough space on the disk."""
    if store.free_bytes < store.needed_bytes:
        raise OSError(
            errno.ENOSPC,
            f"Preparing `{store.info.name}` needs "
            f"{gigabytes(store.needed_bytes)} more disk, and {store.data_dir} "
            f"has {gigabytes(store.free_bytes)} free. Free some, or choose "
            "another place with `--data-dir`",
        )


def open_own(path: Path, keep: bool) -> BinaryIO:
    """Opens a file for writing, without following links.

    A link with its name may point to a file of the user.

    Args:
        path: The file.
        keep: Whether to continue an existing file, or to start again.

    Raises:
        OSError: If it cannot be written, or is kept and not an ordinary file.
    """
    if not keep and (path.is_symlink() or path.exists()):
        path.unlink()
    flags = os.O_RDWR | os.O_CREAT | (0 if keep else os.O_EXCL)
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # where there are
        flags |= getattr(os, name, 0)
    file = os.fdopen(os.open(path, flags, 0o666), "r+b")
    stat = os.fstat(file.fileno())
    if not S_ISREG(stat.st_mode) or stat.st_nlink > 1:
        file.close()
        raise OSError(
            errno.ENOTSUP, "It is not an ordinary file, or it has a second name"
        )
    return file


def cannot_write(store: Store, path: Path, error: OSError) -> OSError:
    """Makes an error that says how to resume after a failed write to `path`."""
    mended = "it can be written"
    if error.errno in _FULL:
        mended = (
            f"there is room: it needs {gigabytes(store.needed_bytes)} more, "
            f"and {gigabytes(store.free_bytes)} are free"
        )
    return OSError(
        error.errno,
        f"Cannot write {path}: {error.strerror or error}. What is done is "
        f"kept, and `{store.command}` goes on from it once {mended}",
    )


def cannot_read(
    store: Store, paths: Iterable[Path], error: OSError
) -> UnreadableError:
    """Makes an error that says how to resume after a failed read."""
    return UnreadableError(
        error.errno,
        f"Cannot read {', '.join(map(str, paths))}: "
        f"{error.strerror or error}. What is done is kept, and "
        f"`{store.command}` goes on from it once this is mended",
    )
