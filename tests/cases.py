"""How many random cases a test tries, and which cases are slow."""

import os

import pytest

NUM_CASES = int(os.environ.get("KERAS_QLAE_CASES", "300"))


def random_cases(share=1.0):
    """How hypothesis tries 300 cases, or a share of them: always the same.

    With `KERAS_QLAE_CASES=10000`, for a night, it tries as many of each kind,
    and others each time. It prints the one that fails.
    """
    from hypothesis import settings

    is_night = "KERAS_QLAE_CASES" in os.environ
    return settings(
        max_examples=NUM_CASES if is_night else int(share * NUM_CASES),
        deadline=None,
        derandomize=not is_night,
        database=None,
    )


def slow(*values):
    """Cases of `parametrize` that `make test` leaves out."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


def slow_on(*backends):
    """A function like `slow`, for cases that are slow on these backends."""
    mark = pytest.mark.slow_on(*backends)
    return lambda *values: [pytest.param(v, marks=mark) for v in values]
