"""What to do about a disk that is full, or cannot be read or written."""

import errno
from collections.abc import Iterable
from pathlib import Path

from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import gigabytes

_FULL = (errno.ENOSPC, errno.EDQUOT)
# Libraries raise `OSError` for damaged files too: without a number, or after
# a seek to where a damaged file points.
_OF_DAMAGE = (None, errno.EINVAL)


class UnreadableError(OSError):
    """A file that is there, and cannot be read now."""


def is_damage(error: BaseException) -> bool:
    """Whether an error tells of the content of a file, and not of the disk."""
    return not isinstance(error, OSError) or error.errno in _OF_DAMAGE


def check_room(store: Store) -> None:
    """Refuses to start what the disk cannot hold.

    Raises:
        OSError: If it cannot.
    """
    if store.free_bytes < store.needed_bytes:
        raise OSError(
            errno.ENOSPC,
            f"Preparing `{store.info.name}` needs "
            f"{gigabytes(store.needed_bytes)} more disk, and {store.data_dir} "
            f"has {gigabytes(store.free_bytes)} free. Free some, or choose "
            "another place with `--data-dir`",
        )


def cannot_write(store: Store, path: Path, error: OSError) -> OSError:
    """An error that says how to go on after a failed write to `path`."""
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
    """An error that says how to go on after a failed read."""
    return UnreadableError(
        error.errno,
        f"Cannot read {', '.join(map(str, paths))}: "
        f"{error.strerror or error}. What is done is kept, and "
        f"`{store.command}` goes on from it once this is mended",
    )
