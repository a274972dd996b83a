"""Keeps two processes from preparing the same data set."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder, which is made if need be.

    The lock goes with the process, however it ends. Without `fcntl`
    (Windows) there is none.

    Args:
        folder: The folder of a data set.

    Raises:
        RuntimeError: If another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(
                f"Another process is preparing the data set in {folder}: wait "
                "for it to end, or choose another `--data-dir`."
            ) from error
        yield
