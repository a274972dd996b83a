"""The reference's parameter names, mapped onto a model's variables."""

import dataclasses
from typing import Any

import numpy as np
from keras import ops

_SUFFIXES = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "norm_scale",
    "beta": "norm_bias",
}


@dataclasses.dataclass
class Parameter:
    """A variable, or the part of it that is one of the reference's."""

    variable: Any
    part: tuple = (Ellipsis,)

    def assign(self, value):
        whole = np.array(ops.convert_to_numpy(self.variable.value))
        whole[self.part] = value
        self.variable.assign(whole)

    def value(self):
        return np.asarray(ops.convert_to_numpy(self.variable.value))[self.part]

    def take(self, gradients):
        return gradients[id(self.variable)][self.part]


def parameters_by_name(model):
    """Every trainable parameter of an autoencoder by its reference name."""
    parameters = {}
    for part in ("encoder", "decoder"):
        for variable in getattr(model, part).trainable_variables:
            name = _reference_name(part, variable.path.split("/"))
            parameters[f"{part}/{name}"] = Parameter(variable)
    return parameters | codebooks_by_name(model.latent)


def gan_parameters_by_name(model):
    """Every trainable parameter of an InfoGAN by its reference name."""
    parameters = {}
    for variable in model.trunk.trainable_variables:
        path = variable.path.split("/")
        if path[-2] == "critic":
            parameters[f"critic/{path[-1]}"] = Parameter(variable)
        else:
            name = _reference_name("encoder", path)
            parameters[f"encoder/{name}"] = Parameter(variable)
    for variable in model.generator.trainable_variables:
        name = _reference_name("decoder", variable.path.split("/"))
        parameters[f"generator/{name}"] = Parameter(variable)
    return parameters | codebooks_by_name(model.latent)


def codebooks_by_name(latent):
    return {
        f"latent/codebook{i}": Parameter(latent.codebook, (i, slice(0, size)))
        for i, size in enumerate(latent.codebook_sizes)
    }


def _reference_name(part, path):
    layer, variable = path[-2:]
    if variable == "input_map":
        return "input_map"
    if layer == "dense" and path[-3].startswith("style"):
        index = path[-3].removeprefix("style")
        return f"conv_transpose{index}/style_{variable}"
    if layer.startswith("norm"):
        index = layer.removeprefix("norm")
        kind = "conv_transpose" if part == "decoder" else "conv"
        return f"{kind}{index}/{_SUFFIXES[variable]}"
    return f"{layer}/{_SUFFIXES[variable]}"
