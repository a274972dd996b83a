"""The operations that differ between TensorFlow, JAX and PyTorch.

One module a framework, with the same names in each; the one of the Keras
backend in use is chosen here, once, at import.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from keras_qlae.backend.tensorflow import conv2d_transpose
    from keras_qlae.backend.tensorflow import num_replicas
    from keras_qlae.backend.tensorflow import to_dense
elif keras.backend.backend() == "jax":
    from keras_qlae.backend.jax import conv2d_transpose
    from keras_qlae.backend.jax import num_replicas
    from keras_qlae.backend.jax import to_dense
elif keras.backend.backend() == "torch":
    from keras_qlae.backend.torch import conv2d_transpose
    from keras_qlae.backend.torch import num_replicas
    from keras_qlae.backend.torch import to_dense
else:
    raise ImportError(
        "keras_qlae needs Keras on TensorFlow, JAX or PyTorch: set the "
        "environment variable `KERAS_BACKEND` to 'tensorflow', 'jax' or "
        "'torch' before importing keras. "
        f"Received: backend={keras.backend.backend()!r}"
    )

__all__ = ["conv2d_transpose", "num_replicas", "to_dense"]
