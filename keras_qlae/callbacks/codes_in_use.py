"""Counts the codes that a model uses while it trains."""

from typing import Any

import keras
import numpy as np

from keras_qlae.metrics import CodeUsage
from keras_qlae.metrics import code_usage


class CodesInUse(keras.callbacks.Callback):
    """Counts which codes of each latent occur, at the end of each epoch.

    Logs `val_code_entropy` (in nats) and `val_code_perplexity`, means over
    latents, and `val_dead_codes`, the sum over latents. With few images, rare
    codes are counted as dead.

    Args:
        images: NumPy `(n, height, width, channels)`, integers in `[0, 255]`
            or floats in `[0, 1]`.

    Attributes:
        names: Names of what is logged.
        usage: The last `keras_qlae.metrics.CodeUsage`, with one number per
            latent, or `None`.

    Raises:
        ValueError: At the end of an epoch: the latents of the model are not
            discrete or have no `codebook_sizes`.
    """

    names = ("val_code_entropy", "val_code_perplexity", "val_dead_codes")

    def __init__(self, images: np.ndarray) -> None:
        super().__init__()
        self.images = images
        self.usage: CodeUsage | None = None

    @staticmethod
    def can_watch(model: Any) -> bool:
        """Whether a model has codes to count."""
        latent = getattr(model, "latent", None)
        is_discrete = getattr(latent, "is_discrete", False)
        return is_discrete and hasattr(latent, "codebook_sizes")

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if not self.can_watch(self.model):
            raise ValueError(
                "`CodesInUse` counts the codes of discrete latents that have "
                "`codebook_sizes`, one integer per latent. Received: model of "
                f"type {type(self.model).__name__}"
            )
        self.usage = code_usage(
            np.asarray(self.model.codes(self.images)),
            np.asarray(self.model.latent.codebook_sizes),
        )
        if logs is not None:
            logs["val_code_entropy"] = float(self.usage.entropy.mean())
            logs["val_code_perplexity"] = float(self.usage.perplexity.mean())
            logs["val_dead_codes"] = float(self.usage.num_dead.sum())
