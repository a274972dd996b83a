"""Weights that are numbers."""

import keras
import numpy as np


def check_finite(model: keras.Model) -> None:
    """Raises unless all weights of a model are finite.

    A latent would encode every image to its first code, without a word.

    Raises:
        ValueError: Some are not; says which.
    """
    for variable in model.weights:
        values = np.asarray(keras.ops.convert_to_numpy(variable))
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(
                "The model has weights that are NaN or infinite, so that its "
                "codes mean nothing: train it again, with a lower learning "
                f"rate. Received: {variable.path}"
            )
