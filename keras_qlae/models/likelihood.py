"""How a decoder's outputs define an image and its likelihood."""

from typing import Any
from typing import Literal
from typing import get_args

from keras import ops

from keras_qlae import backend

Likelihood = Literal["bernoulli", "gaussian"]


def check_likelihood(likelihood: str) -> None:
    """Raises `ValueError` for an unknown likelihood."""
    if likelihood not in get_args(Likelihood):
        raise ValueError(
            "`likelihood` must be 'bernoulli' (outputs are logits) or "
            "'gaussian' (outputs are means, the loss is the squared error). "
            f"Received: likelihood={likelihood!r}"
        )


def reconstruction_loss(likelihood: str, images: Any, outputs: Any) -> Any:
    """Computes the loss of each example, a mean over its values.

    It is minus the log-likelihood of the image `x` for the decoder's output
    `m`. `"bernoulli"`: `-x log(p) - (1 - x) log(1 - p)` with
    `p = sigmoid(m)`. `"gaussian"`: `(x - m)**2`, with a variance of 1/2 and
    without the constant `log(pi) / 2`.

    Args:
        likelihood: The name.
        images: `(batch, ...)`.
        outputs: Of the same shape.

    Returns:
        `(batch,)`.
    """
    if likelihood == "gaussian":
        loss = ops.square(images - outputs)
    else:
        loss = ops.binary_crossentropy(images, outputs, from_logits=True)
    return backend.mean(loss, axis=tuple(range(1, len(loss.shape))))


def expected(likelihood: str, outputs: Any) -> Any:
    """Converts a decoder's outputs to the expected image.

    Args:
        likelihood: The name.
        outputs: `(batch, ...)`.

    Returns:
        Same shape. Images `(batch, height, width, channels)` are in `[0, 1]`:
        Gaussian means outside are clipped. Vectors are not changed.
    """
    if likelihood == "bernoulli":
        return ops.sigmoid(outputs)
    return ops.clip(outputs, 0, 1) if len(outputs.shape) == 4 else outputs
