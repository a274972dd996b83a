"""How codes become the decoder's input, and the encoder's output codes."""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np

from keras_qlae import layers
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.layers.gaussian_posterior import GaussianPosterior


class LatentTable(NamedTuple):
    """What the page needs to know of a latent.

    Attributes:
        rule: `"sizes"`, the number of values of each latent (1 if
            continuous); `"table"`, the shape of the values or `None`;
            `"squash"`, whether a tanh comes before the nearest value is
            looked for.
        values: `(tables, codes, width)`: what the decoder reads for each
            code of each latent, one table if it is the same for all; `None`
            where the codes themselves are read.
    """

    rule: dict[str, Any]
    values: np.ndarray | None


def latent_table(latent: Any) -> LatentTable:
    """Describes a latent by its public methods.

    Raises:
        UnknownLayerError: A latent of a kind whose rule is not known.
    """
    if isinstance(latent, layers.ContinuousLatent | GaussianPosterior):
        # The codes are the first of the encoder's outputs (for a Gaussian
        # its means), and what the decoder reads.
        sizes = [1] * latent.num_latents
        return LatentTable({"sizes": sizes, "table": None}, None)
    is_grid = isinstance(latent, layers.FiniteScalarQuantizer)
    codebooks = layers.ScalarCodebookQuantizer | layers.VectorQuantizer
    if not is_grid and not isinstance(latent, codebooks):
        raise UnknownLayerError(
            "The page does not know how this latent makes codes: serve the "
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

    One table if it is the same for all latents. Shorter ones are filled up
    with their last value.

    Raises:
        UnknownLayerError: A latent without `codebook_sizes`.
    """
    if not hasattr(latent, "codebook_sizes"):
        raise UnknownLayerError(
            "The page offers the values of each latent: set "
            "`codebook_sizes`, one integer a latent, in the latent's "
            f"`__init__`. Received: {type(latent).__name__}"
        )
    sizes = np.array(latent.codebook_sizes)
    codes = np.minimum(np.arange(sizes.max())[:, None], sizes - 1)
    values = keras.ops.convert_to_numpy(latent.values(codes))
    table: np.ndarray = values.astype("float32").reshape(*codes.shape, -1)
    table = table.transpose(1, 0, 2)
    return table[:1] if (table == table[:1]).all() else table
