"""R²: how similar reconstructions are to their vectors."""

import numpy as np
import numpy.typing as npt


def reconstruction_r2(
    vectors: npt.ArrayLike, reconstructions: npt.ArrayLike
) -> float:
    """R² of reconstructions: the share of the variance that they explain.

    It is 1 - sum of squared errors / sum of squared deviations from the mean,
    for each value of a vector, averaged over the values that vary. So it does
    not depend on units.

    Args:
        vectors: `(batch, ...)`, finite.
        reconstructions: The same shape.

    Returns:
        At most 1, for equal vectors; 0 for the mean vector, and if nothing
        varies.

    Raises:
        ValueError: If the shapes are not those of two equal batches.
    """
    first = np.asarray(vectors, np.float64)
    second = np.asarray(reconstructions, np.float64)
    if first.shape != second.shape or first.ndim < 2 or not len(first):
        raise ValueError(
            "`vectors` and `reconstructions` must both have the shape (batch, "
            "width) or (batch, length, width), and at least one example. "
            "Received: "
            f"vectors.shape={first.shape}, "
            f"reconstructions.shape={second.shape}"
        )
    errors = np.sum((first - second) ** 2, axis=0)
    varies = np.ptp(first, axis=0) > 0
    if not varies.any():
        return 0.0
    total = np.sum((first - first.mean(axis=0)) ** 2, axis=0)
    return float(np.mean(1 - errors[varies] / total[varies]))
