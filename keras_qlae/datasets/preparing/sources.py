"""Where the images of a data set come from."""

import gzip
import importlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import Protocol
from typing import cast

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.preparing.disk import cannot_read
from keras_qlae.datasets.preparing.disk import is_damage
from keras_qlae.datasets.readers.block import Block
from keras_qlae.datasets.readers.block import Reader
from keras_qlae.datasets.readers.from_tfds import read_tfds
from keras_qlae.datasets.store import Store

_DAMAGE = (
    EOFError,
    OSError,
    gzip.BadGzipFile,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Source(Protocol):
    """Where images come from."""

    in_order: bool

    def origin(self) -> dict[str, Any]: ...

    def blocks(self, info: DatasetInfo, start: int) -> Iterator[Block]: ...


class FromFiles:
    """The published files."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.in_order = store.info.in_order
        self._paths = [store.raw(file) for file in store.info.files]

    def origin(self) -> dict[str, Any]:
        """What tells the files from others of the same names."""
        stats = {path.name: path.stat() for path in self._paths}
        return {
            name: [stat.st_size, stat.st_mtime_ns]
            for name, stat in stats.items()
        }

    def blocks(self, info: DatasetInfo, start: int) -> Iterator[Block]:
        """Reads the files; says so where they are damaged."""
        module, _, attribute = info.reader.partition(":")
        read = getattr(importlib.import_module(module), attribute)
        try:
            yield from cast(Reader, read)(info, self._paths, start)
        except _DAMAGE as error:
            if isinstance(error, OSError) and not is_damage(error):
                raise cannot_read(self._store, self._paths, error) from error
            names = ", ".join(str(path) for path in self._paths)
            urls = ", ".join(file.url for file in info.files)
            raise ValueError(
                f"{names} is damaged or not whole ({error}): delete it and "
                f"get it again from {urls}"
            ) from error


class FromTfds:
    """What TensorFlow Datasets has prepared before."""

    in_order = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def origin(self) -> dict[str, Any]:
        """Where it is."""
        return {"tensorflow_datasets": str(self._folder)}

    def blocks(self, info: DatasetInfo, start: int) -> Iterator[Block]:
        """Reads it; says what to do where that fails."""
        try:
            yield from read_tfds(info, self._folder)
        except ImportError:
            raise
        except Exception as error:
            raise ValueError(
                f"The copy of `{info.name}` that TensorFlow Datasets has in "
                f"{self._folder} is damaged or cannot be read "
                f"({type(error).__name__}: {_first_line(error)}): delete that "
                "folder, or set TFDS_DATA_DIR to another, and the published "
                "files are taken in its place"
            ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else ""
