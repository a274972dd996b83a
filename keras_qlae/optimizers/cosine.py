"""A learning rate that follows half a cosine."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Falls from the learning rate to a lower one, along half a cosine.

    `final + (learning_rate - final) (1 + cos(pi step / total_steps)) / 2`,
    and `final` from the last step on.

    Args:
        learning_rate: Positive float, the rate at the start.
        total_steps: Steps of the whole run.
        final: Float of at least 0, the rate at the end. Defaults to `0.0`.

    Example:
        >>> schedule = Cosine(0.1, total_steps=100)
        >>> [round(float(schedule(step)), 3) for step in (0, 50, 100)]
        [0.1, 0.05, 0.0]

    Raises:
        ValueError: `total_steps` or `final` is out of range.

    Reference:
        Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
        Restarts" (arXiv 1608.03983), equation 5, without restarts.
    """

    def __init__(
        self, learning_rate: float, total_steps: int, final: float = 0.0
    ) -> None:
        super().__init__()
        if total_steps < 1 or not 0 <= final < math.inf:
            raise ValueError(
                "`total_steps` must be at least 1 and `final` at least 0. "
                f"Received: total_steps={total_steps}, final={final}"
            )
        self.learning_rate = learning_rate
        self.total_steps = total_steps
        self.final = final

    def __call__(self, step: Any) -> Any:
        done = ops.cast(step, "float32") / self.total_steps
        share = (1 + ops.cos(math.pi * ops.clip(done, 0, 1))) / 2
        return self.final + (self.learning_rate - self.final) * share

    def get_config(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "total_steps": self.total_steps,
            "final": self.final,
        }
