"""Means over seeds, and which of them are told apart."""

import math
from collections.abc import Sequence
from typing import NamedTuple

_ROUNDING = 1e-9  # of sums of decimals: ends that touch may miss by it


class Estimate(NamedTuple):
    """A mean over seeds and how far it is known.

    Attributes:
        mean: The mean.
        margin: Half the width of its confidence interval; NaN for one value.
    """

    mean: float
    margin: float

    @property
    def low(self) -> float:
        """Lower end of the interval; the mean if there is none."""
        return self.mean - (0.0 if math.isnan(self.margin) else self.margin)

    @property
    def high(self) -> float:
        """Upper end of the interval; the mean if there is none."""
        return self.mean + (0.0 if math.isnan(self.margin) else self.margin)


def estimate(
    values: Sequence[float], confidence: float = 0.95
) -> Estimate | None:
    """Mean and confidence interval of values that are normally distributed.

    The margin is t s / sqrt(n): s the standard deviation with n - 1 in the
    denominator, t the quantile of Student's distribution with n - 1 degrees
    of freedom that leaves (1 - confidence) / 2 above it.

    Args:
        values: One a seed.
        confidence: Share of such intervals that hold the true mean.

    Returns:
        The estimate; `None` without values.

    Example:
        >>> estimate([0.2, 0.4]).mean.__round__(6)
        0.3
    """
    from scipy.stats import t

    count = len(values)
    if not count:
        return None
    mean = math.fsum(values) / count
    if count == 1:
        return Estimate(mean, math.nan)
    variance = math.fsum((v - mean) ** 2 for v in values) / (count - 1)
    quantile = float(t.ppf((1 + confidence) / 2, count - 1))
    return Estimate(mean, quantile * math.sqrt(variance / count))


def level_with_best(estimates: Sequence[Estimate | None]) -> list[bool]:
    """Which models are not told apart from the best one.

    The best has the highest mean. A model is level with it if their intervals
    have a point in common, ends included; where there is one seed, the
    interval is the mean alone. With one seed each, only the best is level.

    Args:
        estimates: One a model; `None` where it has no value.
    """
    known = [each for each in estimates if each is not None]
    if not known:
        return [False] * len(estimates)
    best = max(known, key=lambda each: each.mean)
    return [
        each is not None and each.high >= best.low - _ROUNDING
        for each in estimates
    ]
