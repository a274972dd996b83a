"""Latents of some scored images, saved to compare runs with each other."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.published.reading import npy_header
from keras_qlae.files import check_ordinary
from keras_qlae.files import replacing
from keras_qlae.metrics import active_latents
from keras_qlae.runs.data import spread
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.scoring import numbers_of

Latents = npt.NDArray[np.float32]

NUM_KEPT = 2000
_MAX_BYTES = 2**26


def keep_latents(
    run: RunDirectory, model: Any, held_out: FactorDataset
) -> None:
    """Writes the latents of images spread over the scored images.

    The images are the same for every seed.
    """
    index = spread(len(held_out), NUM_KEPT)
    codes = np.asarray(model.codes(held_out.images(index)))
    is_active = active_latents(codes, model.latent.is_discrete)
    write_latents(run, numbers_of(model.latent, codes), is_active)


def write_latents(
    run: RunDirectory, numbers: npt.ArrayLike, is_active: npt.ArrayLike
) -> None:
    """Writes `latents.npy`, completely or not at all; inactive latents as 0."""
    table = np.where(is_active, numbers, 0).astype(np.float32, order="C")
    with (
        replacing(run.latents, table.nbytes) as path,
        path.open("wb") as file,
    ):
        np.save(file, table, allow_pickle=False)


def read_latents(run: RunDirectory) -> Latents:
    """Reads `latents.npy`; inactive latents are 0.

    Raises:
        FileNotFoundError: The run is from an earlier version.
        ValueError: The file is damaged.
    """
    path = run.latents
    check_ordinary(path)
    run.verify(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        shape, is_fortran, dtype = npy_header(file)
        is_plain = len(shape) == 2 and dtype == np.float32 and not is_fortran
        num_bytes = 4 * math.prod(shape)
        if not (
            is_plain
            and 0 < num_bytes <= _MAX_BYTES
            and file.tell() + num_bytes == size
        ):
            raise ValueError(
                f"{path} is damaged: it must be a table of float32. "
                f"Received: {dtype} of shape {shape}, {size} bytes"
            )
        table = np.frombuffer(file.read(num_bytes), np.float32)
    if not np.isfinite(table).all():
        raise ValueError(f"{path} is damaged: it has infinite numbers.")
    return table.reshape(shape)
