"""Prepares a data set: download, check, decode, resize, write."""

import os
from pathlib import Path

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.preparing.disk import UnreadableError
from keras_qlae.datasets.preparing.disk import cannot_read
from keras_qlae.datasets.preparing.disk import cannot_write
from keras_qlae.datasets.preparing.disk import check_room
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
from keras_qlae.datasets.store import DEFAULT_SIZE
from keras_qlae.datasets.store import Store
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
    check_room(store)
    if store.tfds_copy is not None:
        _convert(store, FromTfds(store.tfds_copy), show_progress)
        return
    for file in store.missing_files:
        download(store, file, show_progress)
    for file in store.info.files:
        path = store.raw(file)
        try:
            verify(file, path, show_progress)
        except OSError as error:
            raise cannot_read(store, [path], error) from error
    _convert(store, FromFiles(store), show_progress)


def _convert(store: Store, source: Source, show_progress: bool) -> None:
    """Decodes, resizes and writes the images.

    Images are discarded if their source is damaged, and kept if the disk is
    full or cannot be read.
    """
    try:
        _write(store, source, show_progress)
    except ValueError:
        discard(store)
        raise
    except UnreadableError:
        raise
    except OSError as error:
        raise cannot_write(store, store.partial, error) from error


def _write(store: Store, source: Source, show_progress: bool) -> None:
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
        for block in source.blocks(store.info, writer.done):
            images = resize(block.images, store.image_size)
            writer.write(Block(block.positions, images))
            bar.update(len(images))
        writer.finish()
