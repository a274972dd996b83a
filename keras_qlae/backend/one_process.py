"""Where one process trains a model: TensorFlow and PyTorch."""

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import keras


def joined(
    number: int | None, host: int | None, coordinator: str | None
) -> AbstractContextManager[None]:
    """Refused: Keras 3.15 trains in several processes on JAX alone."""
    raise ValueError(
        "Keras trains on several hosts on JAX alone: take the backend `jax`. "
        f"Received: backend={keras.backend.backend()!r}"
    )


def num_hosts() -> int:
    """One."""
    return 1


def host() -> int:
    """The first."""
    return 0


def from_first(arrays: Any) -> Any:
    """It is the first."""
    return arrays


def alone() -> AbstractContextManager[None]:
    """It is."""
    return contextlib.nullcontext()
