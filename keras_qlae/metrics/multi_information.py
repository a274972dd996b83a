"""How strongly factors depend on each other."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import check_factors
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.labels import join
from keras_qlae.metrics.mutual_information import entropy

_ROUNDING = 1e-10  # relative rounding error of an exact 0


def normalized_multi_information(factors: npt.ArrayLike) -> float:
    """Measures how strongly the factors of a data set depend on each other.

    It is the multi-information, or total correlation, sum_i H(factor i) -
    H(all factors), from counts, divided by its largest possible value,
    sum_i H(factor i) - max_i H(factor i).

    Args:
        factors: `(num_samples, num_factors)`, integers.

    Returns:
        Float in [0, 1]: 0 for independent factors, 1 if one of them
        determines all others; 0 if fewer than two vary. It is overestimated
        with few samples: if every sample has a different combination of
        factors it is far from 0.

    Example:
        >>> round(normalized_multi_information([[0, 0], [1, 1], [2, 2]]), 6)
        1.0
        >>> normalized_multi_information([[0, 0], [0, 1], [1, 0], [1, 1]])
        0.0

    Raises:
        ValueError: As `infomec`, of the factors.

    Reference:
        "Range, not Independence, Drives Modularity in Biologically Inspired
        Representations", ICLR 2025, arXiv 2410.06232, and the code published
        with it.
    """
    checked = check_factors(factors)
    labels = columns_to_labels(checked)
    entropies = np.array([entropy(label.counts) for label in labels])
    shared = entropies.sum() - entropy(join(labels, len(checked)).counts)
    largest = entropies.sum() - entropies.max()
    if min(largest, shared) <= _ROUNDING * entropies.sum():
        return 0.0
    return float(min(shared / largest, 1.0))
