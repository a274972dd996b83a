"""Checks that weights are finite."""

import keras
import numpy as np


def check_finite(model: keras.Model) -> None:
    """Raises `ValueError` unless all weights of a model are finite.

    Otherwise a latent would silently encode every image to its first code.
    """
    for variable in model.weights:
        values = np.asarray(keras.ops.convert_to_numpy(variable))
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(
                "The model has weights that are NaN or infinite, so its codes "
                "are meaningless: train it again with a lower learning rate. "
                f"Received: {variable.path}"
            )
