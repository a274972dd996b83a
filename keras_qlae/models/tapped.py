"""A network that also returns the outputs of its inner layers."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras


class Tapped(NamedTuple):
    """A network as functions of its inputs and of the training mode.

    These are functions, not models: a model with such models as attributes
    would save the layers twice.

    Attributes:
        whole: Returns the network's output, and the outputs of tapped layers
            by name.
        taps: Returns the outputs of tapped layers by name. Layers after all
            of them are not computed.
    """

    whole: Callable[[Any, bool], tuple[Any, dict[str, Any]]]
    taps: Callable[[Any, bool], dict[str, Any]]


def tapped(network: keras.Model, names: Sequence[str]) -> Tapped:
    """Makes functions of a network that return outputs of inner layers.

    With names it must be functional, with one input and one output. A name may
    occur twice.
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
            "Penalties read layers of the decoder by name: the decoder must "
            "be a functional model with these layers. Received: "
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
