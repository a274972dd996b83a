"""How many random cases a test tries, and which cases are slow."""

import os

import pytest

# 300 at every call; `KERAS_QLAE_CASES=10000` for a night.
NUM_CASES = int(os.environ.get("KERAS_QLAE_CASES", "300"))


def slow(*values):
    """Cases of `parametrize` that `make test` leaves out."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


def slow_on(*backends):
    """A function like `slow`, for cases that are slow on these backends."""
    mark = pytest.mark.slow_on(*backends)
    return lambda *values: [pytest.param(v, marks=mark) for v in values]
