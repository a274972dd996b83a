"""Decoded images of a folder, in memory, or on the disk if they are many."""

import errno
import hashlib
import math
import os
import shutil
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets import archives
from keras_qlae.datasets.checks import check_memory
from keras_qlae.datasets.hashing import block_hashes
from keras_qlae.datasets.hashing import is_checked
from keras_qlae.datasets.hashing import mark_checked
from keras_qlae.datasets.images import read_image
from keras_qlae.datasets.images import resize
from keras_qlae.datasets.published.reading import images_header
from keras_qlae.datasets.store import IMAGES
from keras_qlae.datasets.store import INFO
from keras_qlae.datasets.store import default_data_dir
from keras_qlae.datasets.store import gigabytes
from keras_qlae.files import locked
from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json

IN_MEMORY = 2**28  # bytes of decoded images that are kept in memory


class FolderImages(NamedTuple):
    """The files of a folder or a ZIP archive, and how they are decoded.

    `image_size=None` keeps their size.
    """

    folder: Path
    names: Sequence[str]
    image_size: int | None
    grey: bool

    def shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the first image, required of all."""
        if self.image_size is None:
            with archives.Reader() as reader:
                _, image = self._image(self.names[0], reader)
            height, width, channels = image.shape
        else:
            height = width = self.image_size
            channels = 1 if self.grey else 3
        shape = (height, width, channels)
        check_memory(f"images of shape {shape}", math.prod(shape))
        return shape

    def decoded(self) -> Iterator[tuple[bytes, np.ndarray]]:
        """Yields a hash and the pixels of each image, all of the same size."""
        from tqdm import tqdm

        shape = self.shape()
        bar = tqdm(
            self.names,
            desc=f"Decoding {self.folder.name}",
            unit=" images",
            delay=2,
            disable=None,  # only shown in a terminal
            leave=False,
        )
        with archives.Reader() as reader:
            for name in bar:
                digest, image = self._image(name, reader)
                if image.shape != shape:
                    raise ValueError(
                        "All images must have the same size; pass `image_size` "
                        f"to resize them. Received: {self.names[0]} of shape "
                        f"{shape}, {name} of shape {image.shape}"
                    )
                yield digest, image

    def read(self) -> tuple[np.ndarray, str]:
        """Reads all images into memory, as uint8; returns also a digest.

        The digest is of the names and the files, so that it does not depend on
        the version of the libraries that decode.
        """
        images = np.empty((len(self.names), *self.shape()), np.uint8)
        digest = hashlib.sha256()
        for place, (part, image) in zip(images, self.decoded(), strict=True):
            digest.update(part)
            place[:] = image
        return images, digest.hexdigest()

    def keep(self) -> tuple[Path, str]:
        """Writes all images to a file in the folder of data sets.

        They are decoded once, and again when a file of the folder has changed.
        One process does this at a time; the others wait.

        Returns the file, and the digest as of `read`.
        """
        place = default_data_dir() / "folders" / self._key()
        with locked(place, busy=None):
            known = self._known(place)
            return place / IMAGES, known or self._write(place)

    def _key(self) -> str:
        """A name for the folder on the disk, unique for folder and options."""
        where = os.fsencode(self.folder.resolve())
        how = repr((self.image_size, self.grey)).encode()
        return hashlib.sha256(where + b"\0" + how).hexdigest()[:16]

    def _known(self, place: Path) -> str:
        """The digest of the kept images; empty if incomplete or outdated."""
        try:
            found = read_json(place / INFO)
            hashes, digest = found["hashes"], str(found["digest"])
            if found["stamp"] != self._stamp():
                return ""
            path = place / IMAGES
            if not is_checked(path, hashes):
                if block_hashes(path) != hashes:
                    return ""
                mark_checked(path, hashes)
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        return digest

    def _write(self, place: Path) -> str:
        shape = (len(self.names), *self.shape())
        needed, free = math.prod(shape), shutil.disk_usage(place).free
        if free < needed:
            raise OSError(
                errno.ENOSPC,
                f"The decoded images of {self.folder} need {gigabytes(needed)} "
                f"of disk, and {place} has {gigabytes(free)} free. Delete "
                "files, or set KERAS_QLAE_DATA_DIR to another folder",
            )
        stamp, digest = self._stamp(), hashlib.sha256()
        with replacing(place / IMAGES) as path:
            with path.open("wb") as file:
                file.write(images_header(shape))
                for part, image in self.decoded():
                    digest.update(part)
                    file.write(image.tobytes())
            hashes = block_hashes(path)
        mark_checked(place / IMAGES, hashes)
        found = {
            "folder": str(self.folder.resolve()),
            "stamp": stamp,
            "digest": digest.hexdigest(),
            "hashes": hashes,
        }
        write_json(place / INFO, found)
        return digest.hexdigest()

    def _stamp(self) -> str:
        """A hash that changes with any file, without reading the files."""
        stamp, last, facts = hashlib.sha256(), "", b""
        for name in self.names:
            path = self._path(name)
            file = archives.split(path)[0] or path
            if file != last:
                stat, last = os.stat(file), file
                times = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
                facts = repr(times).encode()
            stamp.update(os.fsencode(name) + facts)
        return stamp.hexdigest()

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _image(
        self, name: str, reader: archives.Reader
    ) -> tuple[bytes, np.ndarray]:
        path = self._path(name)
        content = reader.read(path)
        digest = os.fsencode(name) + b"\0" + hashlib.sha256(content).digest()
        image = read_image(content, path, grey=self.grey)
        if self.image_size is not None:
            image = resize(image[None], self.image_size)[0]
        return digest, image
