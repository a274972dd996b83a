"""A network that shows the outputs of its inner layers."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras


def tapped(
    network: keras.Model, names: Sequence[str]
) -> Callable[[Any, bool], tuple[Any, dict[str, Any]]]:
    """A network as a function of inputs and mode, to its output and taps.

    A function and not a model: a model that had it for an attribute would
    save the layers twice.

    Args:
        network: Model from one input to one output; functional if there are
            names.
        names: Of the layers to tap; a name may come twice.

    Returns:
        Function `(inputs, training)` that returns the network's output and
        those of the layers by name, all in one call.

    Raises:
        ValueError: A layer that the network lacks, or one that is not
            functional.
    """
    if not names:
        return lambda inputs, training: (network(inputs, training=training), {})
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

    def call(inputs: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        output, *taps = whole(inputs, training=training)
        return output, dict(zip(outputs, taps, strict=True))

    return call
