"""UDR: do models of different seeds have the same latents?"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.active_latents import select_active
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import check_latents
from keras_qlae.metrics.standardize import standardize

_PENALTY = 0.1  # of the Lasso, as in the library published with the paper


def udr_scores(
    representations: Sequence[npt.ArrayLike],
    discrete: bool | None = None,
    *,
    correlation: str = "spearman",
    active: str | Sequence[npt.ArrayLike] = "range",
) -> FloatArray:
    """Unsupervised disentanglement ranking: scores models without labels.

    Disentangled models agree, up to the order, sign and scale of their
    latents; entangled models rarely do. So each model is compared with each
    of the others, which are trained alike with different seeds. Let R[a, b]
    be the absolute correlation of latent a of one model with latent b of the
    other, and r the largest entry of a row or column, for active latents
    only. Then

    UDR = (sum_b r_b² / sum_a R[a, b] + sum_a r_a² / sum_b R[a, b])
    / (number of latents a + number of latents b),

    and the score of a model is the median over the others.

    Here a latent is informative if its range is large enough. In the paper its
    KL divergence must be above 0.01, but most models have no KL divergence.

    Args:
        representations: One array per model, of the same samples:
            `(num_samples, num_latents)`, finite. Numbers of latents may
            differ. Discrete latents are treated as ordered numbers.
        discrete: Whether the latents take few values, as in
            `active_latents`.
        correlation: `"spearman"`, rank correlation, which does not change
            under an increasing function of a latent; or `"lasso"`: weights of
            a linear regression of each standardised latent of the model on
            all latents of the other, with L1 penalty 0.1, clipped to 1. Then
            a perfect score is about 0.9.
        active: Which latents count: a rule of `active_latents`, or one mask
            per model.

    Returns:
        `(num_models,)`, in [0, 1]; higher is better. 0 if no latent of a
        model is active. The value by chance depends on the models: compare
        models with each other, not with a fixed number.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> latents = rng.normal(size=(1000, 3))
        >>> mixed = latents @ rng.normal(size=(3, 3))
        >>> scores = udr_scores([latents, -latents[:, ::-1], mixed])
        >>> bool(scores[0] > 0.7 > scores[2])
        True

    Raises:
        ValueError: If there are fewer than two models, numbers of samples
            differ, `active_latents` does not accept an array, or
            `correlation` is unknown.

    Reference:
        Duan et al., "Unsupervised Model Selection for Variational Disentangled
        Representation Learning", ICLR 2020, arXiv 1905.12614.
    """
    if correlation not in ("spearman", "lasso"):
        raise ValueError(
            '`correlation` must be "spearman" or "lasso". '
            f"Received: correlation={correlation!r}"
        )
    if len(representations) < 2:
        raise ValueError(
            "`representations` must be of at least 2 models, trained alike "
            f"with different seeds. Received: {len(representations)}"
        )
    masks: list[str | npt.ArrayLike] = (
        [active] * len(representations)
        if isinstance(active, str)
        else list(active)
    )
    if len(masks) != len(representations):
        raise ValueError(
            "`active` must be a rule, or one mask for each of the "
            f"{len(representations)} models. Received: {len(masks)} masks"
        )
    tables = [
        _active(latents, discrete, mask, correlation)
        for latents, mask in zip(representations, masks, strict=True)
    ]
    if len({len(table) for table in tables}) > 1:
        raise ValueError(
            "`representations` must be of the same samples, in the same "
            f"order. Received: {[len(table) for table in tables]} samples"
        )
    correlate = _spearman if correlation == "spearman" else _lasso
    return np.array(
        [
            np.median(
                [
                    _one_for_one(correlate(other, table))
                    for j, other in enumerate(tables)
                    if j != i
                ]
            )
            for i, table in enumerate(tables)
        ]
    )


def _active(
    latents: npt.ArrayLike,
    discrete: bool | None,
    mask: str | npt.ArrayLike,
    correlation: str,
) -> FloatArray:
    """The active latents, standardised; for Spearman their ranks."""
    from scipy.stats import rankdata

    values, is_discrete = check_latents(latents, discrete)
    chosen = values[:, select_active(values, is_discrete, mask)]
    numbers = chosen.astype(np.float64)
    if not numbers.shape[1]:
        return numbers
    if correlation == "spearman":
        numbers = rankdata(numbers, axis=0)
    return standardize(numbers)


def _spearman(other: FloatArray, own: FloatArray) -> FloatArray:
    return np.asarray(np.abs(other.T @ own) / len(own))


def _lasso(other: FloatArray, own: FloatArray) -> FloatArray:
    from sklearn.linear_model import Lasso

    if not (other.shape[1] and own.shape[1]):
        return np.zeros((other.shape[1], own.shape[1]))
    model = Lasso(_PENALTY, max_iter=10_000, tol=1e-8).fit(other, own)
    weights = np.abs(model.coef_).reshape(own.shape[1], other.shape[1])
    return np.asarray(np.minimum(weights, 1.0).T)


def _one_for_one(table: FloatArray) -> float:
    """The UDR of a pair, from its correlations."""
    if not table.size:
        return 0.0
    share = sum(
        np.sum(table.max(axis) ** 2 / np.where(total > 0, total, 1.0))
        for axis, total in ((0, table.sum(0)), (1, table.sum(1)))
    )
    return float(np.clip(share / sum(table.shape), 0.0, 1.0))
