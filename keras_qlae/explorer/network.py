"""Converts a functional model to steps and weights for `network.js`."""

from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.explorer.steps import Step
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.explorer.steps import Weights
from keras_qlae.explorer.steps import steps_of

DTYPES = ("float16", "float32")


class Network(NamedTuple):
    """What the page needs to compute a network.

    Attributes:
        plan: Shape of the input, dtype of the weights, and steps. A step's
            `"inputs"` are positions: 0 is the network's input, `i` the
            output of step `i`. Shapes are those of one example.
        weights: All weights, little-endian, in the order of the steps.
    """

    plan: dict[str, Any]
    weights: bytes


def network_of(model: keras.Model, dtype: str = "float16") -> Network:
    """Converts a functional model, of one input and output, to steps.

    The graph is read from the model's configuration and the weights from its
    layers, so the result is the same on every backend. Weights are stored as
    `"float16"` or `"float32"`; the page computes in float32.
    """
    if dtype not in DTYPES:
        raise ValueError(
            f"`dtype` must be one of {', '.join(DTYPES)}, how the weights are "
            f"stored. Received: dtype={dtype!r}"
        )
    nodes = list(_nodes(model))
    shapes = {name: shape for *_, seen in nodes for name, shape in seen}
    operations = {operation.name: operation for operation in model.operations}
    weights = Weights(dtype)
    positions: dict[str, int] = {}
    steps: list[Step] = []
    for name, inputs in nodes:
        if not inputs:
            positions[name] = 0
            continue
        sources = [positions[source] for source, _ in inputs]
        shape = list(shapes.get(name, model.output_shape[1:]))
        for step in steps_of(operations[name], weights):
            steps.append({**step, "inputs": sources, "shape": shape})
            sources = [len(steps)]
        positions[name] = sources[0]
    plan = {
        "input": list(model.input_shape[1:]),
        "dtype": dtype,
        "steps": steps,
    }
    return Network(plan, weights.to_bytes())


def _nodes(
    model: keras.Model,
) -> Iterator[tuple[str, list[tuple[str, tuple[int, ...]]]]]:
    """Names of operations, with names and shapes of their inputs.

    They are in the order of computation.
    """
    _check_functional(model)
    for layer in model.get_config()["layers"]:
        nodes = layer["inbound_nodes"]
        if len(nodes) > 1:
            raise UnknownLayerError(
                "The page cannot compute a network that uses a layer more "
                "than once: serve the page instead (`explorer.serve`). "
                f"Received: {layer['name']!r}, used {len(nodes)} times"
            )
        yield layer["name"], [*_tensors(nodes)]


def _check_functional(model: keras.Model) -> None:
    is_functional = len(getattr(model, "inputs", None) or ()) == 1
    if not is_functional or len(getattr(model, "outputs", None) or ()) != 1:
        raise UnknownLayerError(
            "The page can only compute functional Keras models with one "
            "input and one output: serve the page instead (`explorer.serve`). "
            f"Received: {type(model).__name__} {model.name!r}"
        )


def _tensors(value: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Sources and shapes of all Keras tensors in a node's config."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)
    elif isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            config = value["config"]
            yield config["keras_history"][0], tuple(config["shape"][1:])
        else:
            yield from _tensors(list(value.values()))
