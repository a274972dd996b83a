"""Draws the pictures of the embedded data sets in datasets.md.

python docs/draw_datasets.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

from keras_qlae import datasets

ACROSS = 12
SHOWN = {  # what the rows of a sweep have in common
    "arm3d": (3, 0, 1, 1, 0, 15, 6),
    "room3d_nuisance": (3, 6, 1, 6, 0, 10),
}


def sheet(pictures: np.ndarray, across: int) -> Image.Image:
    """Pictures side by side, with white between them."""
    gap = ((0, 0), (1, 1), (1, 1), (0, 0))
    framed = np.pad(pictures, gap, constant_values=255)
    number, height, width, channels = framed.shape
    rows = framed.reshape(number // across, across, height, width, channels)
    whole = rows.swapaxes(1, 2).reshape(-1, across * width, channels)
    return Image.fromarray(whole)


def sweep(data: datasets.FactorDataset, base: tuple[int, ...]) -> Image.Image:
    """A row for each factor; white where it has no more values."""
    rows = []
    for column, size in enumerate(data.factor_sizes):
        number = min(size, ACROSS)
        factors = np.tile(base, (number, 1))
        factors[:, column] = np.linspace(0, size - 1, number).round()
        row = np.full((ACROSS, *data.image_shape), 255, np.uint8)
        row[:number] = data.images(data.index_of(factors))
        rows.append(row)
    return sheet(np.concatenate(rows), ACROSS)


def main() -> None:
    """Writes two files for each data set."""
    folder = Path(__file__).parent
    for name, base in SHOWN.items():
        data = datasets.load(name, image_size=64)
        rng = np.random.default_rng(0)
        samples = data.images(rng.integers(0, len(data), 100))
        made = {"samples": sheet(samples, 10), "factors": sweep(data, base)}
        for kind, image in made.items():
            path = folder / f"{name}_{kind}.webp"
            image.save(path, quality=82, method=6)


if __name__ == "__main__":
    main()
