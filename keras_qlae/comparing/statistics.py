"""Means over seeds, and tests of their differences."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Estimate(NamedTuple):
    """A mean over seeds and its confidence interval.

    Attributes:
        mean: The mean.
        margin: Half the width of the confidence interval; NaN for one value.
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
    """Computes the mean and confidence interval of normally distributed values.

    The margin is t s / sqrt(n), where s is the standard deviation with n - 1
    in the denominator, and t the quantile 1 - (1 - confidence) / 2 of
    Student's distribution with n - 1 degrees of freedom.

    Args:
        values: One per seed.
        confidence: Share of such intervals that contain the true mean.

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


def p_values(samples: Sequence[Sequence[float]]) -> list[float | None]:
    """Tests how significantly each model differs from the best.

    The best model has the highest mean. Every other model is compared with it
    by a two-sided Welch's t-test, which does not assume equal variances. If
    one of the two has a single value, it is Student's t-test with the
    variance of the other. The p-values are adjusted for the number of
    comparisons by Holm's method.

    Args:
        samples: For each model its values, one per seed.

    Returns:
        The adjusted p-value of each model. It is `None` for the best, and if
        there is no test because both have a single value or one has none.

    Example:
        >>> found = p_values([[0.80, 0.82, 0.84], [0.74, 0.76, 0.78]])
        >>> found[0], round(found[1], 3)
        (None, 0.021)
    """
    found: list[float | None] = [None] * len(samples)
    means = [_mean(values) for values in samples]
    if not means:
        return found
    best = means.index(max(means))
    tested = {
        i: _p_value(samples[best], values)
        for i, values in enumerate(samples)
        if i != best and len(values) and len(values) + len(samples[best]) > 2
    }
    adjusted = holm([*tested.values()])
    for i, p in zip(tested, adjusted, strict=True):
        found[i] = p
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values for their number.

    Args:
        p_values: Of several tests.

    Returns:
        The adjusted ones, in the same order, at most 1.

    Example:
        >>> [round(p, 2) for p in holm([0.04, 0.01])]
        [0.04, 0.02]

    Reference:
        Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
        Scandinavian Journal of Statistics, 1979.
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    ordered = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(ordered):
        least = max(least, (len(p_values) - rank) * p_values[i])
        adjusted[i] = min(least, 1.0)
    return adjusted


def paired_p_value(differences: Sequence[float]) -> float:
    """The p-value of a two-sided paired t-test.

    Args:
        differences: Of the pairs, at least two. If all are equal, the value
            is 1 for differences of 0, else 0.
    """
    from scipy.stats import t

    count, mean = len(differences), _mean(differences)
    square = math.fsum((value - mean) ** 2 for value in differences)
    error = math.sqrt(square / (count - 1) / count)
    if not error:
        return float(mean == 0)
    return float(2 * t.sf(abs(mean) / error, count - 1))


def level_with_best(
    samples: Sequence[Sequence[float]], digits: int, level: float = 0.05
) -> list[bool]:
    """Finds the models that are not significantly different from the best.

    These are models whose adjusted p-value (`p_values`) is above `level`, or
    whose mean equals that of the best as shown. If both have a single value
    there is no test, and only the mean counts.
    """
    means = [round(_mean(values), digits) for values in samples]
    best = max(means, default=-math.inf)
    return [
        len(values) > 0 and (mean == best or (p is not None and p > level))
        for values, mean, p in zip(
            samples, means, p_values(samples), strict=True
        )
    ]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if len(values) else -math.inf


def _p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of two samples; without any variance it is 1 or 0."""
    from scipy.stats import t
    from scipy.stats import ttest_ind

    if len({*first}) == len({*second}) == 1:
        return float(first[0] == second[0])
    few, many = sorted((first, second), key=len)
    if len(few) > 1:
        return float(ttest_ind(first, second, equal_var=False).pvalue)
    count, mean = len(many), _mean(many)
    variance = math.fsum((v - mean) ** 2 for v in many) / (count - 1)
    error = math.sqrt(variance * (1 + 1 / count))
    return float(2 * t.sf(abs(few[0] - mean) / error, count - 1))
