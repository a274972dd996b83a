"""Finds rows of integers in a table, and draws rows at random."""

import numpy as np


def find_rows(stored: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Finds each row of `wanted` in `stored`: the first equal row, or -1.

    Both have the same columns, integers of at least 0; the result is int64.
    """
    rows = np.concatenate([stored, wanted])
    codes = np.zeros(len(rows), np.int64)
    for column in rows.T:
        # Renumbering keeps the codes small for any number of columns.
        codes = codes * (int(column.max()) + 1) + column
        codes = np.unique(codes, return_inverse=True)[1]
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    found = first[place[len(stored) :]]
    return np.where(found < len(stored), found, -1)


def draw(
    num_rows: int, num_drawn: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws rows at random without replacement.

    Returns `(rest, drawn)`: int64 positions, each in ascending order.
    """
    # The raw stream, unlike `permutation`, never changes between releases.
    keys = np.random.PCG64(seed).random_raw(num_rows)
    order = np.argsort(keys, kind="stable")
    return np.sort(order[num_drawn:]), np.sort(order[:num_drawn])
