"""Conditional InfoMEC: modularity and compactness of correlated factors."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.active_latents import select_active
from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray
from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.concentration import infoc_score
from keras_qlae.metrics.concentration import infom_score
from keras_qlae.metrics.labels import Labels
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.labels import join
from keras_qlae.metrics.mutual_information import ROUNDING
from keras_qlae.metrics.mutual_information import entropy
from keras_qlae.metrics.nearest_neighbors import nearest_neighbor_information
from keras_qlae.metrics.standardize import standardize

_NUM_NEIGHBORS = 2
# Standard deviation of the noise on the second copy of continuous latents, of
# standard deviation 1.
_NOISE = 1e-2


@dataclass(frozen=True, eq=False)
class ConditionalInfoMECResult:
    """Scores of a representation, each in [0, 1]; higher is better.

    Attributes:
        infom: Conditional modularity (cInfoM): each latent has information on
            a single factor, given the other factors.
        infoc: Conditional compactness (cInfoC): the information on each factor
            is in a single latent, given the other factors.
        ncmi: `(num_factors, num_latents)`: conditional mutual information of
            factor and latent given the other factors, divided by the factor's
            conditional entropy. For all latents, active or not. The row of a
            factor that was left out is 0.
        active: Boolean, `(num_latents,)`: the latents that count.
        counted: Boolean, `(num_factors,)`: the factors that were not left
            out. If all are false, nothing was measured.
    """

    infom: float
    infoc: float
    ncmi: FloatArray
    active: BoolArray
    counted: BoolArray

    def to_dict(self) -> dict[str, Any]:
        """Returns plain numbers and lists, ready for `json.dump`."""
        return {
            "infom": self.infom,
            "infoc": self.infoc,
            "active": self.active.tolist(),
            "counted": self.counted.tolist(),
            "ncmi": self.ncmi.tolist(),
        }


def conditional_infomec(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    active: str | npt.ArrayLike = "tenth",
    *,
    seed: int = 0,
) -> ConditionalInfoMECResult:
    """Scores modularity and compactness given the other factors.

    If factors are correlated, a latent that follows one of them also has
    information on others, and its InfoM is lower. Here the table has the
    entries

    NCMI[i, j] = I(factor i; latent j | other factors)
    / H(factor i | other factors), in [0, 1],

    and cInfoM and cInfoC are its `infom_score` and `infoc_score`.

    For discrete latents it is exact, from counts. For continuous latents it
    is I(latent; all factors) - I(latent; the other factors) by the
    nearest-neighbour estimator with 2 neighbours. The estimator uses the
    standardised latents and a second copy of them with normal noise of 0.01,
    so that a combination of factors that occurs once has a neighbour.

    The estimate needs many samples with the same values of all factors but
    one, as in a data set of all combinations. With few it is unreliable, and
    a warning says so.

    Args:
        factors: `(num_samples, num_factors)`, integers. Factors with a single
            value, or determined by the others, are left out with a warning.
        latents: `(num_samples, num_latents)`, finite.
        discrete: Whether the latents take few values. Defaults to `None`:
            true for integers, false for floats.
        active: As in `active_latents`. Defaults to `"tenth"`, the rule of the
            source: a range above a tenth of the largest.
        seed: Integer, for the noise of continuous latents.

    Returns:
        A `ConditionalInfoMECResult`. Both scores are 0 if no latent is active
        or no factor counts; cInfoM is 1 with one factor that counts, cInfoC 1
        with one active latent.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> result = conditional_infomec(factors, factors)
        >>> result.infom, result.infoc
        (1.0, 1.0)

    Raises:
        ValueError: If the arrays do not fit, or `active` does not.

    Reference:
        "Range, not Independence, Drives Modularity in Biologically Inspired
        Representations", ICLR 2025, arXiv 2410.06232, and the code published
        with it.
    """
    checked_factors, values, is_discrete = check_pair(
        factors, latents, discrete
    )
    is_active = select_active(values, is_discrete, active)
    varies = find_varying_factors(checked_factors)
    labels = columns_to_labels(checked_factors)
    everything = join(labels, len(values))
    others = [
        join([*labels[:i], *labels[i + 1 :]], len(values))
        for i in range(len(labels))
    ]
    remaining = np.array(
        [entropy(everything.counts) - entropy(rest.counts) for rest in others]
    )
    counts = varies & (remaining > ROUNDING)
    _warn_of_few_samples(varies, counts, others)
    information = (
        _from_counts(everything, others, columns_to_labels(values))
        if is_discrete
        else _from_neighbors(everything, others, values, seed)
    )
    share = information / np.where(counts, remaining, 1.0)[:, None]
    ncmi = np.where(counts[:, None], np.clip(share, 0.0, 1.0), 0.0)
    return ConditionalInfoMECResult(
        infom=infom_score(ncmi[counts], is_active),
        infoc=infoc_score(ncmi[counts], is_active),
        ncmi=ncmi,
        active=is_active,
        counted=counts,
    )


def _warn_of_few_samples(
    varies: BoolArray, counts: BoolArray, others: Sequence[Labels]
) -> None:
    left_out = np.flatnonzero(varies & ~counts).tolist()
    alone = [
        i
        for i in np.flatnonzero(counts).tolist()
        if np.sum(others[i].counts == 1) > len(others[i].index) / 2
    ]
    for indices, what in (
        (left_out, "left out, since the other factors determine them"),
        (alone, "hardly measured, since most samples have no neighbours"),
    ):
        if indices:
            warnings.warn(
                f"cInfoM and cInfoC: the factors at indices {indices} are "
                f"{what}: score more samples with the same values of all "
                "factors but one, ideally all combinations of the factors.",
                stacklevel=3,
            )


def _from_counts(
    everything: Labels, others: Sequence[Labels], latents: Sequence[Labels]
) -> FloatArray:
    """From entropies H: H(all) - H(all, latent) + H(rest, latent) - H(rest)."""
    num_samples = len(everything.index)
    with_all = [
        entropy(everything.counts)
        - entropy(join([everything, latent], num_samples).counts)
        for latent in latents
    ]
    table = [
        [
            known
            + entropy(join([rest, latent], num_samples).counts)
            - entropy(rest.counts)
            for known, latent in zip(with_all, latents, strict=True)
        ]
        for rest in others
    ]
    # Smaller values are rounding errors of an exact 0.
    return np.where(np.array(table) > ROUNDING, table, 0.0)


def _from_neighbors(
    everything: Labels,
    others: Sequence[Labels],
    latents: FloatArray | IntArray,
    seed: int,
) -> FloatArray:
    unit = standardize(latents.astype(np.float64))
    noise = np.random.default_rng(seed).normal(0, _NOISE, (len(unit), 1))
    noisy = np.where(unit.any(axis=0), unit + noise, 0.0)
    twice = [
        Labels(np.tile(label.index, 2), 2 * label.counts)
        for label in (everything, *others)
    ]
    table = nearest_neighbor_information(
        twice, np.concatenate([unit, noisy]), _NUM_NEIGHBORS, seed
    )
    return np.asarray(table[0] - table[1:])
