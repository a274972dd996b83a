"""The latents of a forward pass as numbers, and their spread."""

from typing import Any

from keras import ops

from keras_qlae import backend
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty

SMALLEST_SPREAD = 1e-6


def scalars(penalty: Penalty, forward: ForwardPass) -> Any:
    """Returns each latent as one number, before quantization.

    `(batch, num_latents)`, with the gradient of the encoder.
    """
    found = forward.latent.scalars(forward.encoded)
    if found is None:
        raise ValueError(
            f"`{type(penalty).__name__}` needs latents that are numbers, such "
            "as those of `FiniteScalarQuantizer`, `ScalarCodebookQuantizer` "
            f"or `GaussianLatent`. Received: {type(forward.latent).__name__}"
        )
    return found


def spreads(penalty: Penalty, forward: ForwardPass) -> Any:
    """Computes the standard deviation of each latent over the batch, plus 1e-6.

    `(num_latents,)`. It is that of `scalars` and a unit for the decoder's
    inputs, which must also be one number per latent. A constant latent gets no
    gradient.
    """
    latent = forward.latent
    if latent.num_outputs != latent.num_latents:
        raise ValueError(
            f"`{type(penalty).__name__}` needs a latent that gives the decoder "
            "one number per latent, such as `FiniteScalarQuantizer` or "
            f"`ScalarCodebookQuantizer`. Received: {type(latent).__name__} "
            f"with num_outputs={latent.num_outputs}, "
            f"num_latents={latent.num_latents}"
        )
    return standard_deviation(scalars(penalty, forward)) + SMALLEST_SPREAD


def standard_deviation(values: Any) -> Any:
    """Over the first axis. If it is 0, the gradient is 0, not NaN."""
    variance = backend.mean(
        ops.square(values - backend.mean(values, axis=0)), axis=0
    )
    is_constant = variance == 0
    root = ops.sqrt(ops.where(is_constant, 1.0, variance))
    return ops.where(is_constant, 0.0, root)
