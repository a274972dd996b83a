"""Stops a training run whose loss is NaN or infinite."""

from typing import Any

import keras
import numpy as np

_TOTALS = ("loss", "critic_loss", "generator_loss")


class FiniteLoss(keras.callbacks.Callback):
    """Raises when a loss is NaN or infinite.

    `keras.callbacks.TerminateOnNaN` ends `fit` without an error. This
    callback raises an error that names the step, so that no later callback
    saves the broken weights. The loss of a step is computed before its
    update, so the validation loss is checked too, for the last update of an
    epoch. List this callback first.

    Args:
        start_step: Steps done before this `fit`, to number the steps.

    Raises:
        FloatingPointError: In `fit`, with the number of the step.
    """

    def __init__(self, start_step: int = 0) -> None:
        super().__init__()
        self.step = start_step
        self._epoch_start = start_step

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._epoch_start = self.step

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        # Not counted one by one: `steps_per_execution` leaves calls out.
        self.step = self._epoch_start + batch + 1
        self._check({k: v for k, v in (logs or {}).items() if k in _TOTALS})

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._check(
            {k: v for k, v in (logs or {}).items() if k.endswith("loss")}
        )

    def _check(self, losses: dict[str, Any]) -> None:
        for name, value in losses.items():
            if not np.isfinite(float(value)):
                raise FloatingPointError(
                    f"`{name}` is {float(value)} at step {self.step}: training "
                    "stopped. Lower the learning rate or, under mixed_float16, "
                    "train in mixed_bfloat16 or float32; and look for images "
                    "that are not finite."
                )
