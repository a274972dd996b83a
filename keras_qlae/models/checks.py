"""Checks that networks and a latent fit together."""

from typing import Any

import keras

from keras_qlae.layers.latent import Latent


def check_networks(**networks: Any) -> None:
    """Raises `ValueError` unless the shapes of all networks are known."""
    for part, network in networks.items():
        if not hasattr(network, "output_shape"):
            raise ValueError(
                f"The {part} is not built, so it has no weights and no shapes: "
                "use a functional model, `keras.Model(inputs, outputs)`, or a "
                "`keras.Sequential` that begins with a `keras.Input`. "
                f"Received: {type(network).__name__} {network.name!r}"
            )


def check_width(
    part: str, shape: tuple[int | None, ...], wanted: str, latent: Latent
) -> None:
    """Raises `ValueError` unless a network fits its side of the latent.

    That is `num_inputs` for an encoder's output and `num_outputs` for a
    decoder's input.
    """
    width = getattr(latent, wanted)
    if shape[-1] != width:
        side = "output" if wanted == "num_inputs" else "input"
        raise ValueError(
            f"The {part}'s {side} must be {width} wide, the `{wanted}` of the "
            f"latent: build it with `latent.{wanted}`. "
            f"Received: {side} shape {tuple(shape)}, latent.{wanted}={width}"
        )


def check_same_images(generator: keras.Model, trunk: keras.Model) -> None:
    """Raises `ValueError` unless a trunk takes the images of a generator."""
    made, taken = generator.output_shape[1:], trunk.input_shape[1:]
    if made != taken:
        raise ValueError(
            "`trunk` must take the images that `generator` makes. Received: a "
            f"generator that makes {made}, a trunk that takes {taken}"
        )


def check_no_losses(**networks: keras.Model) -> None:
    """Raises `ValueError` for networks whose layers add losses."""
    for name, network in networks.items():
        if network.losses:
            raise ValueError(
                f"`{name}` has losses of its own, such as those of a "
                "`kernel_regularizer`. The GAN does not use them: use the "
                "weight decay of the optimizers instead. "
                f"Received: {len(network.losses)} such losses"
            )


def check_trunk(trunk: keras.Model, latent: Latent) -> None:
    """Raises unless a trunk has an encoder's and a critic's head."""
    if len(trunk.outputs) != 2 or trunk.outputs[1].shape[-1] != 1:
        raise ValueError(
            "`trunk` must have two heads: the encoder's, (batch, "
            f"{latent.num_inputs}), and the critic's, (batch, 1). "
            "`keras_qlae.networks.image_trunk` builds one. Received outputs "
            f"of shapes: {[tuple(o.shape) for o in trunk.outputs]}"
        )
    check_width("trunk", trunk.outputs[0].shape, "num_inputs", latent)
