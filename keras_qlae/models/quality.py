"""How good a reconstruction is."""

from typing import Any

from keras import ops

from keras_qlae import backend


def psnr(images: Any, logits: Any) -> Any:
    """Peak signal-to-noise ratio of each image, in dB; higher is better.

    `-10 log10(mean squared error)` between the image and the sigmoid of the
    logits, both in `[0, 1]`. A perfect image gives 120 dB rather than
    infinity, so that a mean over images stays finite.

    Args:
        images: `(batch, ...)` in `[0, 1]`.
        logits: `(batch, ...)`.

    Returns:
        `(batch,)`.
    """
    axes = tuple(range(1, len(logits.shape)))
    error = backend.mean(ops.square(ops.sigmoid(logits) - images), axis=axes)
    return -10 * ops.log10(ops.where(error < 1e-12, 1e-12, error))
