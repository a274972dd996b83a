"""Writes prepared images, so that a partial file never looks complete."""

import contextlib
import json
import math
import os
import shutil
from types import TracebackType
from typing import Any
from typing import Self

import numpy as np

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.hashing import block_hashes
from keras_qlae.datasets.hashing import mark_checked
from keras_qlae.datasets.preparing.disk import open_own
from keras_qlae.datasets.published.reading import images_header
from keras_qlae.datasets.store import IMAGES
from keras_qlae.datasets.store import INFO
from keras_qlae.datasets.store import Store
from keras_qlae.files import read_json
from keras_qlae.files import write_json

PROGRESS = "progress.json"
CHECKPOINT_BYTES = 2**28  # written from one note of the progress to the next


class ImageWriter:
    """Fills `images.npy` in a hidden folder that is renamed at the end.

    It uses ordinary writes and no memory map: with a full disk the former
    raise an error, the latter ends the process.

    Args:
        store: The place.
        origin: Plain values that identify the source. Images from another
            source are not continued.
        in_order: Whether the images are in index order. Only then they can be
            continued.

    Attributes:
        done: The number of images, from the first on, that are on the disk.
    """

    def __init__(
        self, store: Store, origin: dict[str, Any], in_order: bool
    ) -> None:
        self._store = store
        self._in_order = in_order
        self._origin = json.loads(json.dumps(origin))
        self._shape = (store.info.num_values, *store.image_shape)
        self._header = images_header(self._shape)
        self._image_bytes = math.prod(store.image_shape)
        self._seen = np.zeros(self._shape[0], bool)
        self._unsaved = 0
        self.done = self._read_progress()
        self._seen[: self.done] = True

    def __enter__(self) -> Self:
        if not self.done:
            # Otherwise images of another origin would count as done when that
            # origin is used again.
            discard(self._store)
            self._store.partial.mkdir(parents=True)
        path = self._store.partial / IMAGES
        self._file = open_own(path, keep=bool(self.done))
        if not self.done:
            self._file.write(self._header)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # With a full disk, closing fails again: the first error counts.
        with contextlib.suppress(*([] if kind is None else [OSError])):
            self._file.close()

    def write(self, block: Block) -> None:
        """Writes a block of images of the final size, each of them once."""
        self._mark(block.positions)
        breaks = np.flatnonzero(np.diff(block.positions) != 1) + 1
        for run in np.split(np.arange(len(block.positions)), breaks):
            first = int(block.positions[run[0]])
            self._file.seek(len(self._header) + first * self._image_bytes)
            self._file.write(block.images[run].tobytes())
        self._file.flush()
        self._unsaved += block.images.nbytes
        if self._in_order and self._unsaved > CHECKPOINT_BYTES:
            self.save_progress()

    def _mark(self, positions: np.ndarray) -> None:
        inside = (positions >= 0) & (positions < len(self._seen))
        is_new = len(np.unique(positions)) == len(positions)
        if not (is_new and inside.all()) or self._seen[positions].any():
            raise ValueError(
                f"The files of `{self._store.info.name}` hold an image twice, "
                "or one whose factors it should not have: they are damaged or "
                "belong to another data set."
            )
        self._seen[positions] = True

    def save_progress(self) -> None:
        """Records the progress, after the images are on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        # In index order, what was seen has no gap.
        self.done = int(np.count_nonzero(self._seen))
        self._unsaved = 0
        progress = {"done": self.done, "origin": self._origin}
        write_json(self._store.partial / PROGRESS, progress)

    def finish(self) -> None:
        """Gives the folder its final name; raises if images are missing."""
        missing = np.flatnonzero(~self._seen)
        if missing.size:
            raise ValueError(
                f"The files of `{self._store.info.name}` must hold "
                f"{len(self._seen)} images, but {missing.size} are missing: "
                "they are damaged or belong to another data set. Received: "
                f"no image at position {missing[0]}"
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        path = self._store.partial / IMAGES
        hashes = block_hashes(path)
        description = {
            **self._store.facts(),
            "num_bytes": path.stat().st_size,
            "origin": self._origin,
            "hashes": hashes,
        }
        write_json(self._store.partial / INFO, description)
        mark_checked(path, hashes)
        (self._store.partial / PROGRESS).unlink(missing_ok=True)
        os.replace(self._store.partial, self._store.prepared)

    def _read_progress(self) -> int:
        """The number of images that can be continued, or 0."""
        if self._store.partial.is_symlink():
            return 0
        try:
            progress = read_json(self._store.partial / PROGRESS)
            done, origin = progress["done"], progress["origin"]
            size = (self._store.partial / IMAGES).stat().st_size
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        if origin != self._origin or type(done) is not int:
            return 0
        wanted = len(self._header) + done * self._image_bytes
        return done if 0 <= done <= len(self._seen) and size >= wanted else 0


def discard(store: Store) -> None:
    """Removes incomplete images; of a link, only the link."""
    if store.partial.is_symlink():
        store.partial.unlink()
    shutil.rmtree(store.partial, ignore_errors=True)
