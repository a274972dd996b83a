"""What a trial is scored with: names that are logged, and their sum."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras

from keras_qlae.callbacks import InfoMEC
from keras_qlae.runs.reporting import psnr

SCORE = "val_score"
PSNR = "val_psnr"


def logged_names(model: keras.Model) -> list[str]:
    """Every name in the logs of a trial's epochs, but for the score.

    Args:
        model: A compiled model.
    """
    own = [metric.name for metric in model.metrics]
    held_out = [f"val_{name}" for name in own]
    return list(dict.fromkeys([*own, *held_out, *InfoMEC.names, PSNR]))


def check_objective(names: Iterable[str], model: keras.Model) -> None:
    """Raises `ValueError` unless all names will be logged."""
    known = logged_names(model)
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"`objective` must name values that are logged: {', '.join(known)}."
            f" Received: {', '.join(missing)}"
        )


class Reconstruction(keras.callbacks.Callback):
    """Logs `val_psnr` of models that do not measure it: GANs.

    In dB, of `model.reconstruct`.

    Args:
        images: NumPy `(n, height, width, channels)`, integers in `[0, 255]`.
    """

    def __init__(self, images: Any) -> None:
        super().__init__()
        self.images = images

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is not None and PSNR not in logs:
            logs[PSNR] = float(psnr(self.model, self.images).mean())


class Score(keras.callbacks.Callback):
    """Logs the weighted sum of logged values."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.weights = dict(weights)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is not None:
            logs[SCORE] = sum(
                weight * float(logs[name])
                for name, weight in self.weights.items()
            )
