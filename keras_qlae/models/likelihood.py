"""How a decoder's outputs define an image and its likelihood."""

from typing import Any
from typing import Literal
from typing import get_args

import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.models.images import is_image

Likelihood = Literal["bernoulli", "gaussian"]


def check_likelihood(likelihood: str, shape: tuple[int | None, ...]) -> None:
    """Raises `ValueError` for a likelihood that is unknown or does not fit."""
    if likelihood not in get_args(Likelihood):
        raise ValueError(
            "`likelihood` must be 'bernoulli' (outputs are logits) or "
            "'gaussian' (outputs are means, the loss is the squared error). "
            f"Received: likelihood={likelihood!r}"
        )
    if likelihood != "gaussian" and not is_image(shape):
        raise ValueError(
            "Vectors are not pixels in [0, 1]: for them `likelihood` must be "
            "'gaussian', the squared error. Received: likelihood="
            f"{likelihood!r}, an encoder that reads shape {tuple(shape)}"
        )


def check_scale(scale: Any, likelihood: str, width: int | None) -> None:
    """Raises `ValueError` unless a scale fits a Gaussian of examples.

    It is one number for each of the `width` values of the last axis, or `None`.
    """
    if scale is None:
        return
    values = np.asarray(scale, np.float64)
    is_fitting = values.shape == (width,) and likelihood == "gaussian"
    if not is_fitting or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(
            "`scale` must hold a finite, positive number for each of the "
            f"{width} values, with likelihood='gaussian'. Received: shape "
            f"{values.shape}, {np.min(values, initial=np.inf)} the lowest, "
            f"likelihood={likelihood!r}"
        )


def reconstruction_loss(
    likelihood: str, images: Any, outputs: Any, scale: Any = 1.0
) -> Any:
    """Computes the loss of each example, a mean over its values.

    It is minus the log-likelihood of the image `x` for the decoder's output
    `m`. `"bernoulli"`: `-x log(p) - (1 - x) log(1 - p)` with `p = sigmoid(m)`.
    `"gaussian"`: `((x - m) / scale)**2`, with a variance of `scale**2 / 2` and
    without the constant `log(pi * scale**2) / 2`. The scale is a number or one
    for each value of the last axis.
    """
    if likelihood == "gaussian":
        loss = ops.square((images - outputs) / scale)
    else:
        loss = ops.binary_crossentropy(images, outputs, from_logits=True)
    return backend.mean(loss, axis=tuple(range(1, len(loss.shape))))


def expected(likelihood: str, outputs: Any) -> Any:
    """Converts a decoder's outputs to the expected image, of the same shape.

    Images `(batch, height, width, channels)` are in `[0, 1]`: Gaussian means
    outside are clipped. Vectors are not changed.
    """
    if likelihood == "bernoulli":
        return ops.sigmoid(outputs)
    return ops.clip(outputs, 0, 1) if len(outputs.shape) == 4 else outputs
