"""Prepares a data set: download, check, decode, resize, write."""

import errno
import os
from pathlib import Path

from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.preparing.convert import convert
from keras_qlae.datasets.preparing.disk import cannot_read
from keras_qlae.datasets.preparing.disk import check_room
from keras_qlae.datasets.preparing.download import download
from keras_qlae.datasets.preparing.prepare_tfds import prepare_tfds
from keras_qlae.datasets.preparing.sources import published_files
from keras_qlae.datasets.preparing.sources import tfds_copy
from keras_qlae.datasets.preparing.verify import verify
from keras_qlae.datasets.registry import info
from keras_qlae.datasets.store import VARIABLE
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import open_store
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.files import check_ordinary
from keras_qlae.files import locked


def prepare(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int = DEFAULT_SIZE,
    show_progress: bool = True,
) -> Path:
    """Downloads a data set and writes its decoded images to the disk.

    `load` then reads them from there. If it is called again after a crash, it
    resumes where it stopped; a prepared data set is not changed.

    Args:
        name: One of `available()`, or `tfds:NAME` as in `from_tfds`.
        data_dir: The folder of all data sets. Defaults to
            `$KERAS_QLAE_DATA_DIR`, or if that is not set to
            `~/.keras/datasets/keras_qlae`.
        image_size: Height and width of the images. If it is smaller than
            published, images are resized: bicubic, antialiased, clipped.
        show_progress: Whether to draw progress bars.

    Returns:
        The folder of the prepared images.

    Raises:
        ConnectionError: If a file cannot be downloaded. The message says
            where to put it.
        OSError: If the disk is or becomes full.
        RuntimeError: If another process is preparing it.
        ValueError: If there is no such data set, it is embedded, a file is
            damaged or the wrong one, or prepared images are damaged.
    """
    if is_tfds(name):
        return prepare_tfds(name, data_dir, image_size, show_progress)
    entry = info(name)
    if not entry.files:
        raise ValueError(
            f"The data set `{name}` is embedded in the package: load it, "
            "there is nothing to prepare."
        )
    store = open_store(entry, data_dir, image_size)
    store.check_whole()
    if store.is_prepared:
        return store.prepared
    busy = (
        f"Another process is preparing the data set in {store.folder}: wait "
        "for it to end, or choose another `--data-dir`."
    )
    _make_folder(store)
    with locked(store.folder, busy):
        if not store.is_prepared:
            _prepare(store, show_progress)
    return store.prepared


def _make_folder(store: Store) -> None:
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(store.folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise OSError(
            error.errno,
            f"Cannot write {store.folder}: {error.strerror}. Choose another "
            f"folder of data sets with the variable {VARIABLE}, or for this "
            "call only with `data_dir`",
        ) from error


def _prepare(store: Store, show_progress: bool) -> None:
    check_room(store)
    if store.tfds_copy is not None:
        convert(store, tfds_copy(store, store.tfds_copy), show_progress)
        return
    for file in store.missing_files:
        download(store, file, show_progress)
    for file in store.info.files:
        path = store.raw(file)
        try:
            check_ordinary(path)
            verify(file, path, show_progress)
        except OSError as error:
            raise cannot_read(store, [path], error) from error
    convert(store, published_files(store), show_progress)
