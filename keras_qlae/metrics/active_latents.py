"""Which latents a representation uses."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_latents

RULES = ("range", "iqr", "tenth")

# A continuous latent is active above this fraction of the largest spread.
_CONTINUOUS_FRACTION = {"range": 1 / 20, "iqr": 1 / 10, "tenth": 1 / 10}
# A discrete latent is active above this spread, in the units of its values.
_DISCRETE_LIMIT = {"range": 0.0, "iqr": 0.1}


def active_latents(
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    rule: str | npt.ArrayLike = "range",
) -> BoolArray:
    """Finds the latents that vary enough to be counted as used.

    InfoM and InfoC use the active latents only, so that latents that a model
    switched off do not affect its scores.

    | rule | discrete | continuous |
    | --- | --- | --- |
    | `"range"` | range > 0 | range > 1/20 of the largest range |
    | `"iqr"` | IQR > 0.1 | IQR > 1/10 of the largest IQR |
    | `"tenth"` | range > 1/10 of the largest range | the same |

    IQR is the interquartile range. For discrete latents it depends on whether
    they are given as codes (0, 1, 2, ...) or as codebook values. `"range"`
    does not.

    Args:
        latents: `(num_samples, num_latents)`, finite.
        discrete: Whether the latents take few values. Defaults to `None`:
            true for integers, false for floats.
        rule: `"range"`, `"iqr"`, `"tenth"`, or a boolean mask of shape
            `(num_latents,)`, which is returned as it is.

    Returns:
        Boolean array of shape `(num_latents,)`.

    Example:
        >>> active_latents([[0, 3], [1, 3], [2, 3]]).tolist()
        [True, False]

    Raises:
        ValueError: If the rule is unknown or the mask does not fit.

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378.
    """
    values, is_discrete = check_latents(latents, discrete)
    return select_active(values, is_discrete, rule)


def select_active(
    latents: FloatArray | IntArray,
    is_discrete: bool,
    rule: str | npt.ArrayLike,
) -> BoolArray:
    """Computes `active_latents` for latents that were checked."""
    if not isinstance(rule, str):
        return _check_mask(rule, latents.shape[1])
    if rule not in RULES:
        raise ValueError(
            '`active` must be "range", "iqr", "tenth" or a boolean mask over '
            f"the latents. Received: {rule!r}"
        )
    half = _half_spread(latents.astype(np.float64), rule)
    if is_discrete and rule in _DISCRETE_LIMIT:
        return np.asarray(half > _DISCRETE_LIMIT[rule] / 2)
    return np.asarray(half > half.max() * _CONTINUOUS_FRACTION[rule])


def _half_spread(latents: FloatArray, rule: str) -> FloatArray:
    """Half the range or IQR, which does not overflow for large floats."""
    percentiles = [25, 75] if rule == "iqr" else [0, 100]
    low, high = np.percentile(latents / 2, percentiles, axis=0)
    return np.asarray(high - low)


def _check_mask(mask: npt.ArrayLike, num_latents: int) -> BoolArray:
    array = np.asarray(mask)
    if array.dtype != np.bool_ or array.shape != (num_latents,):
        raise ValueError(
            "A mask of active latents must be boolean and have one entry for "
            f"each of the {num_latents} latents. "
            f"Received: shape={array.shape}, dtype={array.dtype}"
        )
    return array.copy()
