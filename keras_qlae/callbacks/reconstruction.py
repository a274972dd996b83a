"""How well a model rebuilds held-out images while it trains."""

from typing import Any

import keras
import numpy as np

PSNR = "val_psnr"


class Reconstruction(keras.callbacks.Callback):
    """Logs `val_psnr` of models that do not measure it themselves: GANs.

    It is the mean over images, in dB, of `model.psnr(images)`. A model
    that logs `val_psnr`, as an autoencoder does, is left alone.

    Args:
        images: NumPy `(n, height, width, channels)`, integers in `[0, 255]`
            or floats in `[0, 1]`.
    """

    def __init__(self, images: np.ndarray) -> None:
        super().__init__()
        self.images = images

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is not None and PSNR not in logs:
            logs[PSNR] = float(self.model.psnr(self.images).mean())
