"""Threads for many small matrix products."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def own_threads() -> Iterator[Executor]:
    """Gives an executor, while the threads of BLAS are switched off.

    The threads of BLAS spin while they wait for one another: on small
    matrices, and on a machine that is busy with something else, such as
    training, they take several times as long as a single thread.
    """
    from threadpoolctl import threadpool_limits

    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(_num_cores()) as executor,
    ):
        yield executor


def _num_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
