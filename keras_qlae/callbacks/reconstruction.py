"""Logs how well a model reconstructs held-out images while it trains."""

from typing import Any

import keras
import numpy as np

from keras_qlae.datasets import FactorDataset


class Reconstruction(keras.callbacks.Callback):
    """Logs `val_psnr` of models that do not measure it themselves: GANs.

    `val_psnr` is the mean over images, in dB, of `model.psnr(images)`. If a
    model logs it already, as an autoencoder does, only that of the last epoch
    is replaced: it is measured on all scored images, so that it is the PSNR of
    the trained model. For vectors it is `val_reconstruction_r2` instead.

    Args:
        images: NumPy `(n, height, width, channels)`, integers in `[0, 255]`
            or floats in `[0, 1]`; or vectors.
        scored: The images on which the trained model is scored. Defaults to
            `None`: the last epoch is like any other.
        last_epoch: The number of the last epoch, from 0.
    """

    def __init__(
        self,
        images: np.ndarray,
        scored: FactorDataset | None = None,
        last_epoch: int | None = None,
    ) -> None:
        super().__init__()
        self.images = images
        self.scored = scored
        self.last_epoch = last_epoch

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is None:
            return
        name = f"val_{self.model.fidelity}"
        measure = getattr(self.model, self.model.fidelity)
        if self.scored is not None and epoch == self.last_epoch:
            images = self.scored.images(np.arange(len(self.scored)))
            logs[name] = float(np.mean(measure(images)))
        elif name not in logs:
            logs[name] = float(np.mean(measure(self.images)))
