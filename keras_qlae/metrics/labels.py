"""Discrete columns as consecutive labels, for counting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import IntArray


@dataclass(frozen=True, eq=False)
class Labels:
    """One discrete variable: its values numbered from 0 in ascending order.

    Attributes:
        index: `(num_samples,)`, the number of each sample's value.
        counts: `(num_values,)`, how many samples have each value; all
            positive.
    """

    index: IntArray
    counts: IntArray

    @property
    def num_values(self) -> int:
        return len(self.counts)

    def groups(self) -> list[IntArray]:
        """The samples that have each value, in ascending order."""
        order = np.argsort(self.index, kind="stable")
        return np.split(order, np.cumsum(self.counts)[:-1])

    def renumbered(self) -> "Labels":
        """Numbers the values in the order of their first occurrence.

        Results from these labels do not depend on the names of the values.
        """
        first = np.empty(self.num_values, np.int64)
        first[self.index[::-1]] = np.arange(len(self.index))[::-1]
        order = np.argsort(first)
        number = np.argsort(order)
        return Labels(number[self.index], self.counts[order])


def to_labels(column: FloatArray | IntArray) -> Labels:
    """Numbers the distinct values of one column, of shape `(num_samples,)`."""
    if column.dtype.kind in "iu":
        low, high = int(column.min()), int(column.max())
        if high - low <= 4 * len(column):
            return _labels_by_counting(column.astype(np.int64) - low)
    _, index, counts = np.unique(
        column, return_inverse=True, return_counts=True
    )
    return Labels(index.astype(np.int64), counts.astype(np.int64))


def columns_to_labels(table: FloatArray | IntArray) -> list[Labels]:
    """Numbers the distinct values of each column of a table."""
    return [to_labels(column) for column in np.ascontiguousarray(table.T)]


def join(columns: Sequence[Labels], num_samples: int) -> Labels:
    """Numbers the combinations of values; without columns there is one."""
    joint = to_labels(np.zeros(num_samples, np.int64))
    for column in columns:
        # Numbered again each time, so that no product overflows.
        joint = to_labels(joint.index * column.num_values + column.index)
    return joint


def _labels_by_counting(offsets: IntArray) -> Labels:
    # Several times faster than sorting when the range is small.
    counts = np.bincount(offsets)
    is_used = counts > 0
    number = np.cumsum(is_used) - 1
    return Labels(number[offsets], counts[is_used])
