"""Writes the tables that the package ships.

After a change to the ray caster run `python -m
keras_qlae.datasets.room3d.make_tables`, increase `VERSION` in `dataset.py`, and
note in the change log that the pictures differ.
"""

import pathlib

import numpy as np

from keras_qlae.datasets.room3d.tables import SHIPPED_SIZES
from keras_qlae.datasets.room3d.tables import cast_table
from keras_qlae.datasets.room3d.tables import table_name


def make_tables(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """Casts the shipped sizes; writes one file for each, returns the paths."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for image_size in SHIPPED_SIZES:
        path = folder / table_name(image_size)
        np.savez_compressed(path, light=cast_table(image_size))
        paths.append(path)
    return paths


if __name__ == "__main__":
    make_tables(pathlib.Path(__file__).parent / "tables")
