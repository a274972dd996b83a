"""A learning rate that is constant, then falls to zero."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class Cooldown(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linear to zero over the last part of training.

    A high learning rate makes weight decay effective, but also makes the
    final weights noisy. So it stays high for most of the run and falls at
    the end.

    Args:
        learning_rate: Positive float, the rate at the start.
        total_steps: Steps of the whole run; after them the rate is 0.
        fraction: The share of the steps during which the rate falls, in
            `(0, 1]`. Defaults to `0.2`.

    Example:
        >>> schedule = Cooldown(0.1, total_steps=100, fraction=0.5)
        >>> [round(float(schedule(step)), 3) for step in (0, 50, 75, 100)]
        [0.1, 0.1, 0.05, 0.0]

    Raises:
        ValueError: `fraction` or `total_steps` is out of range.
    """

    def __init__(
        self, learning_rate: float, total_steps: int, fraction: float = 0.2
    ) -> None:
        super().__init__()
        if total_steps < 1 or not 0 < fraction <= 1:
            raise ValueError(
                "`total_steps` must be at least 1 and `fraction` in (0, 1]. "
                f"Received: total_steps={total_steps}, fraction={fraction}"
            )
        self.learning_rate = learning_rate
        self.total_steps = total_steps
        self.fraction = fraction

    def __call__(self, step: Any) -> Any:
        left = 1 - ops.cast(step, "float32") / self.total_steps
        return self.learning_rate * ops.clip(left / self.fraction, 0, 1)

    def get_config(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "total_steps": self.total_steps,
            "fraction": self.fraction,
        }
