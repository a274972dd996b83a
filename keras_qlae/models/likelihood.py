"""What a decoder's outputs say of an image."""

from typing import Any
from typing import Literal
from typing import get_args

from keras import ops

from keras_qlae import backend

Likelihood = Literal["bernoulli", "gaussian"]


def check_likelihood(likelihood: str) -> None:
    """Raises `ValueError` for a likelihood that there is not."""
    if likelihood not in get_args(Likelihood):
        raise ValueError(
            "`likelihood` must be 'bernoulli' (outputs are logits) or "
            "'gaussian' (outputs are means, the loss is the squared error). "
            f"Received: likelihood={likelihood!r}"
        )


def reconstruction_loss(likelihood: str, images: Any, outputs: Any) -> Any:
    """The loss of each example, a mean over its values.

    With `x` the image and `m` the decoder's output, minus the log-likelihood:
    `"bernoulli"`: `-x log(p) - (1 - x) log(1 - p)`, `p = sigmoid(m)`;
    `"gaussian"`: `(x - m)**2`, of a variance of 1/2 and without the constant
    `log(pi) / 2`.

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
    """What is shown of a decoder's outputs: the expected image.

    Args:
        likelihood: The name.
        outputs: `(batch, ...)`.

    Returns:
        Of the same shape. Images `(batch, height, width, channels)` are in
        `[0, 1]`: Gaussian means beyond are clipped. Vectors are left alone.
    """
    if likelihood == "bernoulli":
        return ops.sigmoid(outputs)
    return ops.clip(outputs, 0, 1) if len(outputs.shape) == 4 else outputs
