"""Describes layers for the page, with one function per kind of layer.

To add a layer to the page, add a function to this file that describes it, and
a function with the name of its `"op"` to `assets/steps.js` that computes it.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_qlae import layers
from keras_qlae.networks.blocks import approximate_gelu

Step = dict[str, Any]


class UnknownLayerError(ValueError):
    """A network has a layer that the page cannot compute."""


class Weights:
    """Collects the weights of a network, one after another."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self._parts: list[np.ndarray] = []
        self._size = 0

    def add(self, values: Any) -> list[int]:
        """Adds an array; returns its start and its size."""
        flat = np.asarray(keras.ops.convert_to_numpy(values)).ravel()
        start = self._size
        self._parts.append(flat.astype(self.dtype))
        self._size += flat.size
        return [start, flat.size]

    def to_bytes(self) -> bytes:
        """All weights, little-endian."""
        if not self._parts:
            return b""
        dtype = np.dtype(self.dtype).newbyteorder("<")
        return np.concatenate(self._parts).astype(dtype).tobytes()


Describe = Callable[[Any, Weights], list[Step]]


def steps_of(operation: Any, weights: Weights) -> list[Step]:
    """Converts an operation of a functional model to a chain of steps.

    It is a layer, or a Keras operation such as the sum of tensors.
    """
    return _describe_of(operation)(operation, weights)


def _describe_of(operation: Any) -> Describe:
    if not isinstance(operation, keras.layers.Layer):
        if type(operation).__name__ in _OPERATIONS:
            return _OPERATIONS[type(operation).__name__]
    else:
        for base in type(operation).__mro__:
            if base in _LAYERS and _computes_as(type(operation), base):
                return _LAYERS[base]
    raise UnknownLayerError(
        "The page cannot compute a network with this layer. Serve the page "
        "instead (`keras-qlae explore --serve`, `explorer.serve`): then the "
        "model itself computes. The page can compute: "
        f"{', '.join(sorted(base.__name__ for base in _LAYERS))}. "
        f"Received: {type(operation).__name__} {operation.name!r}"
    )


def _computes_as(kind: Any, base: Any) -> bool:
    """Whether a subclass is known to compute the same as its base."""
    is_ours = kind.__module__.partition(".")[0] in ("keras", "keras_qlae")
    return is_ours or kind.call is base.call


def _refuse(layer: Any, setting: str) -> None:
    raise UnknownLayerError(
        f"The page cannot compute a {type(layer).__name__} with {setting}. "
        "Serve the page instead (`keras-qlae explore --serve`, "
        f"`explorer.serve`). Received: {layer.name!r}"
    )


def _dense(layer: Any, weights: Weights) -> list[Step]:
    step = {
        "op": "dense",
        "kernel": weights.add(layer.kernel),
        **_bias(layer, weights),
    }
    return [step, *_activation_of(layer)]


def _convolution(layer: Any, weights: Weights) -> list[Step]:
    _check_convolution(layer)
    if layer.padding not in ("same", "valid"):
        _refuse(layer, f"padding={layer.padding!r}")
    if layer.groups != 1:
        _refuse(layer, f"groups={layer.groups}")
    step = {
        "op": "convolution",
        "side": list(layer.kernel_size),
        "strides": list(layer.strides),
        "same": layer.padding == "same",
        "kernel": weights.add(layer.kernel),
        **_bias(layer, weights),
    }
    return [step, *_activation_of(layer)]


def _transposed_convolution(layer: Any, weights: Weights) -> list[Step]:
    _check_convolution(layer)
    side, strides = list(layer.kernel_size), list(layer.strides)
    if layer.padding != "same" or layer.output_padding is not None:
        _refuse(layer, "padding other than 'same'")
    if any(stride > size for stride, size in zip(strides, side, strict=True)):
        _refuse(layer, "strides above the kernel's size")
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel))
    # -> (height, width, outputs, inputs)
    if strides == [1, 1] and all(size % 2 for size in side):
        op = "convolution"  # with the kernel reversed
        kernel = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    else:
        op = "spread"
        kernel = kernel.transpose(3, 0, 1, 2)
    step = {
        "op": op,
        "side": side,
        "strides": strides,
        "same": True,
        "kernel": weights.add(kernel),
        **_bias(layer, weights),
    }
    return [step, *_activation_of(layer)]


def _check_channels_last(layer: Any) -> None:
    if layer.data_format != "channels_last":
        _refuse(layer, f"data_format={layer.data_format!r}")


def _check_convolution(layer: Any) -> None:
    _check_channels_last(layer)
    if set(layer.dilation_rate) != {1}:
        _refuse(layer, f"dilation_rate={layer.dilation_rate}")


def _bias(layer: Any, weights: Weights) -> Step:
    return {"bias": weights.add(layer.bias)} if layer.use_bias else {}


def _normalization(op: str) -> Describe:
    def describe(layer: Any, weights: Weights) -> list[Step]:
        step: Step = {"op": op, "epsilon": float(layer.epsilon)}
        if layer.gamma is not None:
            step["scale"] = weights.add(layer.gamma)
        if layer.beta is not None:
            step["shift"] = weights.add(layer.beta)
        return [step]

    return describe


def _keras_layer_normalization(layer: Any, weights: Weights) -> list[Step]:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axes != [-1]:
        _refuse(layer, f"axis={layer.axis}")
    return _normalization("layer_normalization")(layer, weights)


def _style_modulation(layer: Any, weights: Weights) -> list[Step]:
    step = {
        "op": "style_modulation",
        "epsilon": float(layer.epsilon),
        "offset": float(layer.scale_offset),
        "activation": _activation_of(layer),
        "kernel": weights.add(layer.dense.kernel),
        "bias": weights.add(layer.dense.bias),
    }
    return [step]


def _learned_map(layer: Any, weights: Weights) -> list[Step]:
    return [{"op": "constant", "values": weights.add(layer.input_map)}]


def _relu(layer: Any, weights: Weights) -> list[Step]:
    if layer.max_value is not None or layer.threshold:
        _refuse(layer, "`max_value` or `threshold`")
    return _leaky(layer.negative_slope)


def _leaky(slope: float) -> list[Step]:
    return [{"op": "activation", "of": "leaky_relu", "slope": float(slope)}]


def _upsampling(layer: Any, weights: Weights) -> list[Step]:
    if layer.interpolation != "nearest":
        _refuse(layer, f"interpolation={layer.interpolation!r}")
    _check_channels_last(layer)
    return [{"op": "upsample", "factors": list(layer.size)}]


def _pooling(layer: Any, weights: Weights) -> list[Step]:
    _check_channels_last(layer)
    if layer.padding != "valid" or layer.strides != layer.pool_size:
        _refuse(layer, "other `strides` than its `pool_size`, or padding")
    return [{"op": "max_pool", "factors": list(layer.pool_size)}]


def _mean(layer: Any, weights: Weights) -> list[Step]:
    _check_channels_last(layer)
    return [{"op": "mean"}]


def _rescaling(layer: Any, weights: Weights) -> list[Step]:
    scale, offset = np.asarray(layer.scale), np.asarray(layer.offset)
    if scale.ndim or offset.ndim:
        _refuse(layer, "a `scale` or `offset` for each channel")
    return [{"op": "rescale", "scale": float(scale), "offset": float(offset)}]


def _permute(layer: Any, weights: Weights) -> list[Step]:
    axes = [axis - 1 for axis in layer.dims]
    return [
        {"op": "permute", "view": list(layer.input.shape[1:]), "axes": axes}
    ]


def _space_to_depth(layer: Any, weights: Weights) -> list[Step]:
    height, width, channels = layer.input.shape[1:]
    size = layer.size
    view = [height // size, size, width // size, size, channels]
    return [{"op": "permute", "view": view, "axes": [0, 2, 4, 1, 3]}]


def _add(layer: Any, weights: Weights) -> list[Step]:
    return [{"op": "add"}]


def _reshape(layer: Any, weights: Weights) -> list[Step]:
    return [{"op": "reshape"}]


def _activation_of(layer: Any, weights: Weights | None = None) -> list[Step]:
    """The step of a layer's `activation`; no step for a linear one."""
    activation = layer.activation
    name = getattr(activation, "__name__", "")
    is_stock = getattr(keras.activations, name, None) is activation
    if is_stock and name == "linear":
        return []
    if activation is approximate_gelu:
        return [{"op": "activation", "of": "gelu", "approximate": True}]
    if is_stock and name == "leaky_relu":
        return _leaky(0.2)
    if is_stock and name in _ACTIVATIONS:
        return [{"op": "activation", "of": name, **_ACTIVATIONS[name]}]
    _refuse(layer, f"activation={name or activation!r}")
    return []


def _gelu(operation: Any, weights: Weights) -> list[Step]:
    approximate = bool(operation.approximate)
    return [{"op": "activation", "of": "gelu", "approximate": approximate}]


def _elementwise(name: str) -> Describe:
    return lambda operation, weights: [{"op": "activation", "of": name}]


# Keras' activations, called without arguments.
_ACTIVATIONS: dict[str, Step] = {
    "relu": {},
    "tanh": {},
    "sigmoid": {},
    "silu": {},
    "gelu": {"approximate": False},
}
_LAYERS: dict[Any, Describe] = {
    keras.layers.Activation: _activation_of,
    keras.layers.Add: _add,
    keras.layers.Conv2D: _convolution,
    keras.layers.Conv2DTranspose: _transposed_convolution,
    keras.layers.Dense: _dense,
    keras.layers.Dropout: lambda layer, weights: [],
    keras.layers.Flatten: _reshape,
    keras.layers.GlobalAveragePooling2D: _mean,
    keras.layers.LayerNormalization: _keras_layer_normalization,
    keras.layers.LeakyReLU: lambda layer, weights: _leaky(layer.negative_slope),
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.Permute: _permute,
    keras.layers.ReLU: _relu,
    keras.layers.Rescaling: _rescaling,
    keras.layers.Reshape: _reshape,
    keras.layers.UpSampling2D: _upsampling,
    layers.InstanceNormalization: _normalization("instance_normalization"),
    layers.LayerNormalization: _normalization("layer_normalization"),
    layers.LearnedMap: _learned_map,
    layers.SpaceToDepth: _space_to_depth,
    layers.StyleModulation: _style_modulation,
}
# Functions of `keras.ops` on the tensors of a functional model, by the name
# of the operation's class, which is not public.
_OPERATIONS: dict[str, Describe] = {
    "Add": _add,
    "Gelu": _gelu,
    "Relu": _elementwise("relu"),
    "Reshape": _reshape,
    "Sigmoid": _elementwise("sigmoid"),
    "Silu": _elementwise("silu"),
    "Tanh": _elementwise("tanh"),
}
