"""How the page computes decoder inputs from codes, and codes of images."""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np

from keras_qlae import layers
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.layers.gaussian_posterior import GaussianPosterior


class LatentTable(NamedTuple):
    """What the page needs to know about a latent.

    Attributes:
        rule: `"sizes"`, the number of values of each latent (1 if
            continuous); `"table"`, the shape of the values or `None`;
            `"squash"`, whether a tanh is applied before the nearest value is
            found.
        values: `(tables, codes, width)`: what the decoder reads for each
            code of each latent, one table if it is the same for all; `None`
            if the decoder reads the codes themselves.
    """

    rule: dict[str, Any]
    values: np.ndarray | None


def latent_table(latent: Any) -> LatentTable:
    """Describes a latent by its public methods, if the page knows its rule."""
    if isinstance(latent, layers.ContinuousLatent | GaussianPosterior):
        # The codes are the first of the encoder's outputs (for a Gaussian
        # the means). The decoder reads them.
        sizes = [1] * latent.num_latents
        return LatentTable({"sizes": sizes, "table": None}, None)
    is_grid = isinstance(latent, layers.FiniteScalarQuantizer)
    codebooks = layers.ScalarCodebookQuantizer | layers.VectorQuantizer
    if not is_grid and not isinstance(latent, codebooks):
        raise UnknownLayerError(
            "The page cannot compute the codes of this latent: serve the "
            "page instead (`keras-qlae explore --serve`, `explorer.serve`). "
            f"Received: {type(latent).__name__}"
        )
    values = values_of_codes(latent)
    rule = {
        "sizes": list(latent.codebook_sizes),
        "table": list(values.shape),
        "squash": is_grid,
    }
    return LatentTable(rule, values)


def values_of_codes(latent: Any) -> np.ndarray:
    """The decoder's input for each code: `(tables, codes, width)`, float32.

    There is one table if it is the same for all latents. Shorter tables are
    padded with their last value.
    """
    if not hasattr(latent, "codebook_sizes"):
        raise UnknownLayerError(
            "The page offers the values of each latent: set "
            "`codebook_sizes`, one integer per latent, in the latent's "
            f"`__init__`. Received: {type(latent).__name__}"
        )
    sizes = np.array(latent.codebook_sizes)
    codes = np.minimum(np.arange(sizes.max())[:, None], sizes - 1)
    values = keras.ops.convert_to_numpy(latent.values(codes))
    table: np.ndarray = values.astype("float32").reshape(*codes.shape, -1)
    table = table.transpose(1, 0, 2)
    return table[:1] if (table == table[:1]).all() else table
