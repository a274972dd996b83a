"""Training in one process: TensorFlow and PyTorch."""

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import keras


def joined(
    number: int | None, host: int | None, coordinator: str | None
) -> AbstractContextManager[None]:
    """Raises: Keras 3.15 trains in several processes only on JAX."""
    raise ValueError(
        "Keras trains on several hosts only on JAX: use the backend `jax`. "
        f"Received: backend={keras.backend.backend()!r}"
    )


def num_hosts() -> int:
    """The number of processes: one."""
    return 1


def host() -> int:
    """The number of this process: the first."""
    return 0


def from_first(arrays: Any) -> Any:
    """Returns the arrays: this process is the first."""
    return arrays


def alone() -> AbstractContextManager[None]:
    """Does nothing: this process is alone."""
    return contextlib.nullcontext()
