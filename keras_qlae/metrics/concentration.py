"""InfoM and InfoC: the concentration of mutual information."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray


def infom_score(
    nmi: npt.ArrayLike, is_active: npt.ArrayLike | None = None
) -> float:
    """Modularity: does each latent have information on a single factor?

    InfoM = (mean over active latents of max_i NMI / sum_i NMI - 1/S)
    / (1 - 1/S), with S factors.

    A latent without information on any factor counts as 1/S, like one with
    equal information on all. With one factor the score is 1. With no active
    latent it is 0.

    Args:
        nmi: `(num_factors, num_latents)`, not negative. Leave out the rows
            of factors that have a single value.
        is_active: Boolean, `(num_latents,)`. Defaults to `None`: all.

    Returns:
        Float in [0, 1]; higher is better.

    Example:
        >>> infom_score([[0.8, 0.0], [0.0, 0.6]])
        1.0

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378, section on InfoMEC.
    """
    return _concentration(_select_columns(nmi, is_active))


def infoc_score(
    nmi: npt.ArrayLike, is_active: npt.ArrayLike | None = None
) -> float:
    """Compactness: is the information on each factor in a single latent?

    InfoC = (mean over factors of max_j NMI / sum_j NMI - 1/A)
    / (1 - 1/A), with A active latents.

    A factor on which no latent has information counts as 1/A. With one active
    latent the score is 1. With none it is 0.

    Args:
        nmi: `(num_factors, num_latents)`, not negative. Leave out the rows
            of factors that have a single value.
        is_active: Boolean, `(num_latents,)`. Defaults to `None`: all.

    Returns:
        Float in [0, 1]; higher is better.

    Example:
        >>> infoc_score([[0.4, 0.4, 0.0], [0.0, 0.0, 0.9]])
        0.625

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378, section on InfoMEC.
    """
    return _concentration(_select_columns(nmi, is_active).T)


def _select_columns(
    nmi: npt.ArrayLike, is_active: npt.ArrayLike | None
) -> FloatArray:
    table = np.asarray(nmi, dtype=np.float64)
    if table.ndim != 2 or not (table >= 0).all() or np.isinf(table).any():
        raise ValueError(
            "`nmi` must be a table of finite numbers of at least 0, of shape "
            "(num_factors, num_latents). Received: "
            f"nmi.shape={table.shape}, nmi={table}"
        )
    if is_active is None:
        return table
    mask: BoolArray = np.asarray(is_active)
    if mask.dtype != np.bool_ or mask.shape != table.shape[1:]:
        raise ValueError(
            "`is_active` must be boolean, with one entry for each column of "
            f"`nmi`. Received: is_active.shape={mask.shape}, "
            f"is_active.dtype={mask.dtype}, nmi.shape={table.shape}"
        )
    return np.asarray(table[:, mask])


def _concentration(table: FloatArray) -> float:
    """Mean share of each column's largest entry, from 0 (uniform) to 1."""
    if table.size == 0:
        return 0.0
    num_rows = len(table)
    if num_rows == 1:
        return 1.0
    total = table.sum(axis=0)
    share = np.full(len(total), 1 / num_rows)
    np.divide(table.max(axis=0), total, out=share, where=total > 0)
    score = (share.mean() - 1 / num_rows) / (1 - 1 / num_rows)
    return float(np.clip(score, 0.0, 1.0))
