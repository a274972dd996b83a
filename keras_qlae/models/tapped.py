"""A network that shows the outputs of its inner layers."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras


class Tapped(NamedTuple):
    """A network as functions of inputs and of whether in training mode.

    Functions and not models: a model that had them for attributes would save
    the layers twice.

    Attributes:
        whole: To its output, and the outputs of tapped layers by name.
        taps: To the outputs of tapped layers by name; what lies behind all
            of them is not computed.
    """

    whole: Callable[[Any, bool], tuple[Any, dict[str, Any]]]
    taps: Callable[[Any, bool], dict[str, Any]]


def tapped(network: keras.Model, names: Sequence[str]) -> Tapped:
    """The functions of a network whose layers are tapped.

    Args:
        network: Model from one input to one output; functional if there are
            names.
        names: Of the layers to tap; a name may come twice.

    Raises:
        ValueError: A layer that the network lacks, or one that is not
            functional.
    """
    if not names:
        return Tapped(
            lambda inputs, training: (network(inputs, training=training), {}),
            lambda inputs, training: {},
        )
    layers = {layer.name: layer for layer in network.layers}
    unknown = sorted(set(names) - set(layers))
    if unknown or not hasattr(network, "inputs"):
        raise ValueError(
            "Penalties tap layers of the decoder by name, and the decoder "
            "must be a functional model that has them. Received: "
            f"{', '.join(unknown or names)}; the decoder's layers: "
            f"{', '.join(layers)}"
        )
    outputs = {name: layers[name].output for name in names}
    whole = keras.Model(network.input, [network.output, *outputs.values()])
    part = keras.Model(network.input, outputs)

    def call(inputs: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        output, *taps = whole(inputs, training=training)
        return output, dict(zip(outputs, taps, strict=True))

    return Tapped(
        call, lambda inputs, training: dict(part(inputs, training=training))
    )
