"""The gradients of a loss by variable, on whichever backend runs."""

import keras
import numpy as np


def gradients_of(loss, layer):
    """`loss()` differentiated by each trainable variable of `layer`.

    Returns a dict from `id(variable)` to a NumPy array, or `None` where the
    backend reports no gradient at all.
    """
    variables = layer.trainable_variables
    if keras.backend.backend() == "tensorflow":
        gradients = _tensorflow(loss, variables)
    elif keras.backend.backend() == "jax":
        gradients = _jax(loss, variables)
    else:
        gradients = _torch(loss, variables)
    return {
        id(v): None if g is None else np.asarray(keras.ops.convert_to_numpy(g))
        for v, g in zip(variables, gradients, strict=True)
    }


def _tensorflow(loss, variables):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, [v.value for v in variables])


def _jax(loss, variables):
    import jax

    def pure(values):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return loss()

    return jax.jit(jax.grad(pure))([v.value for v in variables])


def _torch(loss, variables):
    import torch

    return torch.autograd.grad(
        loss(), [v.value for v in variables], allow_unused=True
    )
