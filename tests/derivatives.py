"""Gradients by array, once and twice, on whichever backend runs.

`function` maps tensors to a scalar. The penalty is the squared norm of its
gradient by the first of them, as in a gradient penalty.
"""

import functools

import keras
import numpy as np
from keras import ops


def value(function, *arrays):
    result = function(*map(ops.convert_to_tensor, arrays))
    return float(ops.convert_to_numpy(result))


def gradients(function, *arrays):
    """The gradient by each array."""
    return _numpy(_BACKENDS[keras.backend.backend()](function, arrays))


def penalty(function, *arrays):
    """The squared norm of the gradient by the first array."""
    return float(np.sum(gradients(function, *arrays)[0] ** 2))


def penalty_gradients(function, *arrays):
    """The gradient of the penalty by each array: second order."""
    return _numpy(_BACKENDS[keras.backend.backend()](function, arrays, True))


def _numpy(tensors):
    return [np.asarray(ops.convert_to_numpy(t)) for t in tensors]


def _tensorflow(function, arrays, twice=False):
    import tensorflow as tf

    xs = [tf.convert_to_tensor(a) for a in arrays]
    with tf.GradientTape() as outer:
        outer.watch(xs)
        with tf.GradientTape() as inner:
            inner.watch(xs)
            result = function(*xs)
        once = inner.gradient(result, xs)
        size = tf.reduce_sum(tf.square(once[0]))
    return outer.gradient(size, xs) if twice else once


def _jax(function, arrays, twice=False):
    import jax.numpy as jnp

    gradient = _jax_gradient(function, len(arrays), twice)
    return gradient(*map(jnp.asarray, arrays))


@functools.lru_cache(maxsize=4)
def _jax_gradient(function, number, twice):
    """Compiled once for a function of that many arrays."""
    import jax
    import jax.numpy as jnp

    def size(*xs):
        return jnp.sum(jnp.square(jax.grad(function)(*xs)))

    differentiated = size if twice else function
    return jax.jit(jax.grad(differentiated, tuple(range(number))))


def _torch(function, arrays, twice=False):
    import torch

    xs = [torch.tensor(a, requires_grad=True) for a in arrays]
    once = torch.autograd.grad(function(*xs), xs, create_graph=twice)
    if not twice:
        return once
    return torch.autograd.grad(
        torch.sum(torch.square(once[0])), xs, allow_unused=True
    )


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
