"""Prepares a data set: download, check, decode, resize, write."""

import errno
import os
from pathlib import Path

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.preparing.download import download
from keras_qlae.datasets.preparing.lock import locked
from keras_qlae.datasets.preparing.resize import resize
from keras_qlae.datasets.preparing.sources import FromFiles
from keras_qlae.datasets.preparing.sources import FromTfds
from keras_qlae.datasets.preparing.sources import Source
from keras_qlae.datasets.preparing.verify import verify
from keras_qlae.datasets.preparing.writer import ImageWriter
from keras_qlae.datasets.preparing.writer import discard
from keras_qlae.datasets.readers.block import Block
from keras_qlae.datasets.readers.from_tfds import tfds_folder
from keras_qlae.datasets.store import DEFAULT_SIZE
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import gigabytes
from keras_qlae.datasets.store import open_store


def prepare(
    info: DatasetInfo,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int = DEFAULT_SIZE,
    show_progress: bool = True,
) -> Path:
    """Prepares a data set: see `keras_qlae.datasets.prepare`.

    Args:
        info: The data set.
        data_dir: The folder of all data sets.
        image_size: Height and width of the images.
        show_progress: Whether to draw progress bars.

    Returns:
        The folder of the prepared images.

    Raises:
        ValueError: If they are there and damaged, before any work; and as
            `keras_qlae.datasets.prepare` says, as do other errors.
    """
    if not info.files:
        raise ValueError(
            f"The data set `{info.name}` is embedded in the package: load it, "
            "there is nothing to prepare."
        )
    store = open_store(info, data_dir, image_size)
    store.check_whole()
    if store.is_prepared:
        return store.prepared
    with locked(store.folder):
        if not store.is_prepared:
            _prepare(store, show_progress)
    return store.prepared


def _prepare(store: Store, show_progress: bool) -> None:
    folder = tfds_folder(store.info) if store.missing_files else None
    _check_room(store, with_download=folder is None)
    if folder is not None:
        _convert(store, FromTfds(folder), show_progress)
        return
    for file in store.missing_files:
        download(store, file, show_progress)
    for file in store.info.files:
        verify(file, store.raw(file))
    _convert(store, FromFiles(store), show_progress)


def _check_room(store: Store, with_download: bool) -> None:
    """Refuses to start what the disk cannot hold."""
    needed = store.needed_bytes if with_download else store.prepared_bytes
    if store.free_bytes < needed:
        raise OSError(
            errno.ENOSPC,
            f"Preparing `{store.info.name}` needs "
            f"{gigabytes(needed)} more disk, and {store.data_dir} "
            f"has {gigabytes(store.free_bytes)} free. Free some, or choose "
            "another place with `--data-dir`",
        )


def _convert(store: Store, source: Source, show_progress: bool) -> None:
    """Decodes, resizes and writes the images."""
    from tqdm import tqdm

    with (
        ImageWriter(store, source.origin(), source.in_order) as writer,
        tqdm(
            desc=f"Preparing {store.info.name}",
            initial=writer.done,
            total=store.info.num_values,
            unit=" images",
            disable=not show_progress,
        ) as bar,
    ):
        try:
            for block in source.blocks(store.info, writer.done):
                images = resize(block.images, store.image_size)
                writer.write(Block(block.positions, images))
                bar.update(len(images))
            writer.finish()
        except ValueError:
            discard(store)
            raise
        except OSError as error:
            raise _full(store, error) from error


def _full(store: Store, error: OSError) -> OSError:
    return type(error)(
        error.errno,
        f"Cannot write the images of `{store.info.name}` to "
        f"{store.partial}: {error.strerror or error}. What is done is kept, "
        f"and `{store.command}` goes on from it once there is room",
    )
