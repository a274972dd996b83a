"""How evenly a quantized representation uses its codes."""

from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.mutual_information import entropy


class CodeUsage(NamedTuple):
    """Use of each latent's codes, arrays of shape `(num_latents,)`.

    Attributes:
        entropy: In nats, in [0, log(codebook size)].
        perplexity: exp(entropy): how many codes, used equally often, would
            have this entropy; in [1, codebook size].
        num_dead: How many codes no sample uses.
    """

    entropy: FloatArray
    perplexity: FloatArray
    num_dead: IntArray

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, ready for `json.dump`."""
        return {k: v.tolist() for k, v in self._asdict().items()}


def code_usage(
    codes: npt.ArrayLike, codebook_sizes: int | npt.ArrayLike
) -> CodeUsage:
    """Counts how often the codes of each latent occur.

    Args:
        codes: `(..., num_latents)`, integers from 0 to the size of the
            latent's codebook minus 1. All axes but the last are batch axes.
        codebook_sizes: Positive integers, `(num_latents,)`, or one for all.

    Returns:
        A `CodeUsage`.

    Example:
        >>> usage = code_usage([[0, 2], [1, 2], [0, 2], [1, 2]], [2, 4])
        >>> usage.perplexity.round(6).tolist(), usage.num_dead.tolist()
        ([2.0, 1.0], [0, 3])

    Raises:
        ValueError: If there are no codes, they are not integers, or one is
            outside its codebook.

    Reference:
        van den Oord et al., "Neural Discrete Representation Learning",
        NeurIPS 2017, arXiv 1711.00937, which reports perplexity.
    """
    table, sizes = np.asarray(codes), np.asarray(codebook_sizes)
    if table.ndim < 2 or table.size == 0 or table.dtype.kind not in "iu":
        raise ValueError(
            "`codes` must be integers of shape (..., num_latents), at least "
            f"one of them. Received: codes.shape={table.shape}, "
            f"codes.dtype={table.dtype}"
        )
    table = table.reshape(-1, table.shape[-1])
    if (
        sizes.dtype.kind not in "iu"
        or sizes.shape not in ((), table.shape[1:])
        or sizes.min() < 1
    ):
        raise ValueError(
            "`codebook_sizes` must be a positive integer, or one for each of "
            f"the {table.shape[1]} latents. Received: {codebook_sizes!r}"
        )
    if (table < 0).any() or (table >= sizes).any():
        row, column = np.argwhere((table < 0) | (table >= sizes))[0]
        raise ValueError(
            "`codes` must be from 0 to the size of the latent's codebook minus "
            f"1. Received: {table[row, column]} for latent {column}, "
            f"codebook_sizes={codebook_sizes!r}"
        )
    used = [
        np.unique(column, return_counts=True)[1].astype(np.int64)
        for column in table.T
    ]
    entropies = np.array([entropy(counts) for counts in used])
    num_used = np.array([len(counts) for counts in used])
    return CodeUsage(
        entropies, np.exp(entropies), sizes.astype(np.int64) - num_used
    )
