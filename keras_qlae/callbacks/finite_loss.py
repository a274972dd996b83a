"""Stops a training run whose loss is no longer a number."""

from typing import Any

import keras
import numpy as np


class FiniteLoss(keras.callbacks.Callback):
    """Raises at the first step whose loss is NaN or infinite.

    `keras.callbacks.TerminateOnNaN` ends `fit` as if nothing had happened;
    this one says at which step, and lets no later callback save the spoiled
    weights. List it first.

    Args:
        start_step: Steps done before this `fit`, for the step's number.

    Raises:
        FloatingPointError: In `fit`, with the number of the step.
    """

    def __init__(self, start_step: int = 0) -> None:
        super().__init__()
        self.step = start_step

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.step += 1
        loss = float((logs or {}).get("loss", 0.0))
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is {loss} at step {self.step}: training stopped. "
                "Lower the learning rate or, under mixed_float16, train in "
                "mixed_bfloat16 or float32; and look for images that are not "
                "finite."
            )
