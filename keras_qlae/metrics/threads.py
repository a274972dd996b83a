"""Threads for many small matrix products."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


class _SingleThreadedBLAS:
    """Limits BLAS to one thread while any caller needs it.

    The limit holds for the whole process, and `threadpool_limits` restores
    the previous one. Two overlapping limits would never be removed, so all
    callers share one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_users = 0
        self._limits: Any = None

    def __enter__(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._num_users == 0:
                self._limits = threadpool_limits(1, user_api="blas")
            self._num_users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._num_users -= 1
            if self._num_users == 0:
                self._limits.restore_original_limits()


_single_threaded_blas = _SingleThreadedBLAS()


@contextmanager
def own_threads() -> Iterator[Executor]:
    """Yields an executor, while BLAS is limited to one thread.

    The threads of BLAS spin while they wait for each other. With small
    matrices, or on a machine that is also busy with training, they take
    several times as long as a single thread.
    """
    with (
        _single_threaded_blas,
        ThreadPoolExecutor(_num_cores()) as executor,
    ):
        yield executor


def _num_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
