"""A data set of your own, drawn by a program.

A data set is an object of a class that derives from `FactorDataset`, or the
result of `keras_qlae.datasets.from_arrays`. Name the class, or a function that
returns the data set. It is called with `image_size` if it has that argument.

    keras-qlae train --dataset my_data_set:squares

(A folder of images needs no code: `--dataset FOLDER`.)
"""

import numpy as np

from keras_qlae import datasets


def squares(image_size: int = 32) -> datasets.FactorDataset:
    """A square at 8 x 8 places in 4 shades of grey.

    Args:
        image_size: Height and width of the images, at least 16.
    """
    x, y, shade = (
        axis.ravel() for axis in np.meshgrid(range(8), range(8), range(4))
    )
    images = np.zeros((len(x), image_size, image_size, 1), np.uint8)
    side = image_size // 2
    step = (image_size - side) // 8
    for image, left, top, grey in zip(images, x, y, shade, strict=True):
        image[step * top :, step * left :][:side, :side] = 64 * grey + 63
    return datasets.from_arrays(
        images,
        np.stack([x, y, shade], axis=1),
        factor_names=["x", "y", "shade"],
        name="squares",
    )
