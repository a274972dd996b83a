"""The place of a data set on the disk, and the space that it needs."""

import dataclasses
import json
import math
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.hashing import block_hashes
from keras_qlae.datasets.hashing import is_checked
from keras_qlae.datasets.hashing import mark_checked
from keras_qlae.datasets.hashing import num_blocks
from keras_qlae.datasets.published.tfds import tfds_folder
from keras_qlae.files import check_ordinary
from keras_qlae.files import read_json

IMAGES = "images.npy"
INFO = "info.json"
MIN_SIZE = 8
VARIABLE = "KERAS_QLAE_DATA_DIR"
PREPARE_MEMORY = 500_000_000  # bytes, an upper bound for every data set


def default_data_dir() -> Path:
    """`$KERAS_QLAE_DATA_DIR`, or by default `~/.keras/datasets/keras_qlae`."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path.home() / ".keras" / "datasets" / "keras_qlae"


@dataclasses.dataclass(frozen=True)
class Store:
    """The files of one data set, prepared at one image size."""

    info: DatasetInfo
    data_dir: Path
    image_size: int

    @property
    def folder(self) -> Path:
        """The folder of the data set."""
        return self.data_dir / self.info.name

    @property
    def prepared(self) -> Path:
        """The folder of the prepared images, which is complete if it exists."""
        return self.folder / f"{self.image_size}x{self.image_size}"

    @property
    def partial(self) -> Path:
        """The folder of images that are being prepared."""
        return self.folder / f".{self.image_size}x{self.image_size}.partial"

    def raw(self, file: RawFile) -> Path:
        """The path of a published file."""
        return self.folder / "downloads" / file.name

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the prepared images."""
        return self.image_size, self.image_size, self.info.native_shape[2]

    @property
    def prepared_bytes(self) -> int:
        """Size of the prepared images."""
        return self.info.num_values * math.prod(self.image_shape)

    @property
    def is_prepared(self) -> bool:
        """Whether the images are ready to be loaded."""
        return self.prepared.exists() and not self.damage

    @property
    def damage(self) -> str:
        """The damage of the folder of prepared images; empty if none.

        It is also empty if the folder does not exist.
        """
        if not self.prepared.exists():
            return ""
        try:
            known = self.read_info()
        except (OSError, ValueError) as error:
            return f"{INFO} cannot be read ({error})"
        for key, value in self.facts().items():
            found = known.get(key)
            # The order of a dictionary counts too.
            if json.dumps(found) != json.dumps(value):
                return f"{key} {found!r:.200} in place of {value}"
        size, wanted = _size(self.prepared / IMAGES), known.get("num_bytes")
        if size != wanted:
            return f"{size} bytes of images in place of {wanted!r:.100}"
        hashes = known.get("hashes")
        if (
            not isinstance(hashes, list)
            or len(hashes) != num_blocks(size)
            or not all(isinstance(digest, str) for digest in hashes)
        ):
            return "no hashes of the images"
        return ""

    def facts(self) -> dict[str, Any]:
        """Properties that prepared images must have, as plain values."""
        return {
            "name": self.info.name,
            "factors": self.info.factors,
            "image_shape": list(self.image_shape),
        }

    def read_info(self) -> dict[str, Any]:
        """Reads the description of the prepared images, a JSON object."""
        check_ordinary(self.prepared / INFO)
        known = read_json(self.prepared / INFO)
        if not isinstance(known, dict):
            raise ValueError("no JSON object")
        return known

    def check_pixels(self) -> list[str]:
        """Refuses prepared images that have changed since they were written.

        All are read once, about a second for each gigabyte. After that they are
        not checked again until the file is touched. Returns the hashes of the
        blocks of the file.
        """
        hashes: list[str] = self.read_info()["hashes"]
        path = self.prepared / IMAGES
        if not is_checked(path, hashes):
            pairs = zip(hashes, block_hashes(path), strict=True)
            changed = [i for i, (old, new) in enumerate(pairs) if old != new]
            if changed:
                raise self.damaged(
                    f"other pixels than were written, in {len(changed)} of "
                    f"{len(hashes)} blocks of {IMAGES}"
                )
            mark_checked(path, hashes)
        return hashes

    def check_whole(self) -> None:
        """Raises if prepared images are damaged; says what to do."""
        if self.damage:
            raise self.damaged(self.damage)

    def damaged(self, damage: str) -> ValueError:
        """Makes an error that says what to do about damaged images."""
        return ValueError(
            f"{self.prepared} is damaged, or was prepared by another version "
            f"of this package: delete it and run `{self.command}`. Received: "
            f"{damage}"
        )

    def not_prepared(self, needs: str) -> FileNotFoundError:
        """Makes an error that says how to prepare it, and what that needs."""
        return FileNotFoundError(
            f"The data set `{self.info.name}` is not prepared at "
            f"{self.image_size}x{self.image_size} in {self.data_dir}. Run "
            f"`{self.command}` first{needs}. If it is prepared elsewhere, set "
            f"{VARIABLE} to that folder. `room3d` and `sprites2d` need no "
            "download."
        )

    @property
    def missing_files(self) -> tuple[RawFile, ...]:
        """The published files that are not on the disk."""
        return tuple(
            file for file in self.info.files if not self.raw(file).exists()
        )

    @property
    def tfds_copy(self) -> Path | None:
        """The copy of TensorFlow Datasets that `prepare` would use.

        It is `None` if the published files are on the disk.
        """
        return tfds_folder(self.info) if self.missing_files else None

    @property
    def needed_bytes(self) -> int:
        """How much more disk `prepare` needs, downloads included."""
        if self.is_prepared:
            return 0
        download = sum(
            max(file.num_bytes - _taken(part_of(self.raw(file))), 0)
            for file in self.missing_files
        )
        if self.tfds_copy is not None:
            download = 0
        written = _taken(self.partial / IMAGES)
        return download + max(self.prepared_bytes - written, 0)

    @property
    def free_bytes(self) -> int:
        """Free room on the disk of `data_dir`."""
        place = self.data_dir.absolute()
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    @property
    def command(self) -> str:
        """The command that prepares it."""
        words = ["keras-qlae datasets prepare", self.info.name]
        if self.image_size != DEFAULT_SIZE:
            words.append(f"--image-size {self.image_size}")
        if self.data_dir != default_data_dir():
            words.append(f"--data-dir {shlex.quote(str(self.data_dir))}")
        return " ".join(words)


def open_store(
    info: DatasetInfo,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int = DEFAULT_SIZE,
) -> Store:
    """Finds the place of a data set at a size that its images can have."""
    check_integer("image_size", image_size, minimum=MIN_SIZE)
    native = min(info.native_shape[:2])
    if image_size > native:
        raise ValueError(
            f"The images of `{info.name}` have {native} x {native} pixels and "
            f"are only made smaller. Received: image_size={image_size}"
        )
    place = default_data_dir() if data_dir is None else Path(data_dir)
    return Store(info, place.expanduser(), int(image_size))


def part_of(path: Path) -> Path:
    """The name of a file while it is being downloaded."""
    return path.with_name(f"{path.name}.part")


def gigabytes(num_bytes: int) -> str:
    """Formats a size in megabytes or gigabytes."""
    if num_bytes < 10_000_000:
        return f"{num_bytes / 1e6:.1f} MB"
    if num_bytes < 1_000_000_000:
        return f"{num_bytes / 1e6:.0f} MB"
    return f"{num_bytes / 1e9:.1f} GB"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _taken(path: Path) -> int:
    """How much disk a file takes; less than its size if it has holes."""
    if not path.exists():
        return 0
    stat = path.stat()
    blocks: int | None = getattr(stat, "st_blocks", None)  # not on Windows
    return stat.st_size if blocks is None else min(stat.st_size, blocks * 512)
