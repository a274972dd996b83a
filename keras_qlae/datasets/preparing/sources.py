"""The sources of the images of a data set."""

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.preparing.disk import cannot_read
from keras_qlae.datasets.preparing.disk import is_damage
from keras_qlae.datasets.published.reading import ContentError
from keras_qlae.datasets.published.tfds import read_tfds
from keras_qlae.datasets.store import Store


class Source(NamedTuple):
    """A source of images: `blocks` yields them from a position on, or all.

    `origin` are plain values that identify the files.
    """

    origin: dict[str, Any]
    in_order: bool
    blocks: Callable[[int], Iterator[Block]]


def published_files(store: Store) -> Source:
    """The published files; errors of reading name the damaged ones."""
    paths = [store.raw(file) for file in store.info.files]

    def blocks(start: int) -> Iterator[Block]:
        try:
            yield from store.info.reader(store.info, paths, start)
        except (ContentError, ImportError):
            raise
        except Exception as error:
            # Libraries raise errors of many kinds for damaged files.
            if isinstance(error, OSError) and not is_damage(error):
                raise cannot_read(store, paths, error) from error
            urls = ", ".join(file.url for file in store.info.files)
            raise ValueError(
                f"{', '.join(map(str, paths))} is damaged or incomplete "
                f"({reason(error)}): delete it and get it again from {urls}"
            ) from error

    stats = {path.name: path.stat() for path in paths}
    origin = {n: [stat.st_size, stat.st_mtime_ns] for n, stat in stats.items()}
    return Source(origin, store.info.in_order, blocks)


def tfds_copy(store: Store, folder: Path) -> Source:
    """The copy of TensorFlow Datasets; its errors say what to do."""

    def blocks(start: int) -> Iterator[Block]:
        try:
            yield from read_tfds(store.info, folder)
        except ImportError:
            raise
        except Exception as error:
            then = "the published files are used instead"
            name = store.info.name
            raise damaged_copy(name, folder, error, then) from error

    return Source({"tensorflow_datasets": str(folder)}, False, blocks)


def damaged_copy(
    name: str, folder: Path, error: Exception, then: str
) -> ValueError:
    """Makes an error on a copy of TensorFlow Datasets that says what to do."""
    return ValueError(
        f"The copy of `{name}` that TensorFlow Datasets has in {folder} is "
        f"damaged or cannot be read ({reason(error)}): delete that folder, or "
        f"set TFDS_DATA_DIR to another. Then {then}"
    )


def reason(error: Exception) -> str:
    """The message of an error, in one short line."""
    line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {line}"[:500]
