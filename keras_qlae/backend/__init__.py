"""The operations that differ between TensorFlow, JAX and PyTorch.

One module a framework, with the same names in each; the one of the Keras
backend in use is chosen here, once, at import.
"""

import importlib
from typing import Any

import keras

if keras.backend.backend() not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        "keras_qlae needs Keras on TensorFlow, JAX or PyTorch: set the "
        "environment variable `KERAS_BACKEND` to 'tensorflow', 'jax' or "
        "'torch' before importing keras. "
        f"Received: backend={keras.backend.backend()!r}"
    )

_framework: Any = importlib.import_module(
    f"keras_qlae.backend.{keras.backend.backend()}"
)

AdamWStep = _framework.AdamWStep
StepModel = _framework.StepModel
apply_gradients = _framework.apply_gradients
argmin = _framework.argmin
conv2d = _framework.conv2d
conv2d_transpose = _framework.conv2d_transpose
draw = _framework.draw
input_gradient = _framework.input_gradient
mean = _framework.mean
normalize = _framework.normalize
num_replicas = _framework.num_replicas
to_dense = _framework.to_dense
value_and_gradients = _framework.value_and_gradients
