"""The FactorVAE score: which latent is constant while a factor is fixed."""

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_numbers
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.labels import columns_to_labels

_BATCH_SIZE = 64
_MIN_DEVIATION = 0.05


def factor_vae_score(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    num_votes: int = 10_000,
    seed: int = 0,
) -> float:
    """Does the latent that varies least identify a fixed factor?

    Each vote draws a factor, one of its values, and 64 samples with that
    value (with replacement). It goes to the latent with the least variance
    relative to its variance over all samples. `num_votes` votes give the most
    frequent factor of each latent; the score is the accuracy of these factors
    on half as many other votes. Latents with a standard deviation below 0.05
    are left out. The score saturates: it is also 1 for latents without noise
    that mix the factors a little (each with 0.3 of the other factor, for
    example), and for many latents per factor.

    Args:
        factors: `(num_samples, num_factors)`, integers.
        latents: `(num_samples, num_latents)`, finite.
        num_votes: Integer of at least 2.
        seed: For the random draws.

    Returns:
        Float in [0, 1]; higher is better, 1 / S by chance with S factors.
        Factors with a single value are left out with a warning. If none is
        left, or no latent varies, the score is 0.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> factor_vae_score(factors, factors, num_votes=100)
        1.0

    Raises:
        ValueError: If the arrays do not fit or `num_votes` is not an integer
            of at least 2.

    Reference:
        Kim and Mnih, "Disentangling by Factorising", ICML 2018,
        arXiv 1802.05983.
    """
    sources, table = check_numbers(factors, latents)
    if not isinstance(num_votes, int | np.integer) or num_votes < 2:
        raise ValueError(
            "`num_votes` must be an integer of at least 2; 10,000 is usual. "
            f"Received: num_votes={num_votes!r}"
        )
    sources = sources[:, find_varying_factors(sources)]
    # Divided by the largest value, so that squares do not overflow.
    largest = np.maximum(np.abs(table).max(axis=0), np.finfo(float).tiny)
    table = table / largest
    deviations = table.std(axis=0, ddof=min(1, len(table) - 1))
    is_used = deviations >= _MIN_DEVIATION / largest
    if not is_used.any() or sources.shape[1] == 0:
        return 0.0
    table = table[:, is_used] / deviations[is_used]
    groups = [factor.groups() for factor in columns_to_labels(sources)]
    rng = np.random.default_rng(seed)
    majority = _votes(table, groups, num_votes, rng).argmax(axis=0)
    votes = _votes(table, groups, num_votes // 2, rng)
    hits = votes[majority, np.arange(table.shape[1])].sum()
    return float(hits / votes.sum())


def _votes(
    latents: FloatArray,
    groups: list[list[IntArray]],
    num_votes: int,
    rng: np.random.Generator,
) -> IntArray:
    """Counts `(num_factors, num_latents)` of the latents voted for."""
    votes = np.zeros((len(groups), latents.shape[1]), np.int64)
    for factor in rng.integers(len(groups), size=num_votes):
        group = groups[factor][rng.integers(len(groups[factor]))]
        batch = latents[rng.choice(group, _BATCH_SIZE)]
        votes[factor, batch.var(axis=0).argmin()] += 1
    return votes
