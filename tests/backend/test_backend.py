"""The operations of `backend` that the other tests do not reach."""

import ast
import contextlib
import importlib
import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import backend


def test_a_tensor_is_dense_already():
    gradient = ops.array([[1.0, 2.0]])
    np.testing.assert_array_equal(
        ops.convert_to_numpy(backend.to_dense(gradient)), [[1.0, 2.0]]
    )


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a type of TensorFlow's"
)
def test_rows_that_repeat_are_summed():
    import tensorflow as tf

    rows = tf.IndexedSlices(
        tf.constant([[1.0], [2.0], [4.0]]), tf.constant([2, 0, 2]), (3, 1)
    )
    assert backend.to_dense(rows).numpy().tolist() == [[2.0], [0.0], [5.0]]


def public_functions(path):
    """The functions of a file, and those that it takes from `one_process`."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if hasattr(node, "args") and not node.name.startswith("_"):
            found[node.name] = [a.arg for a in node.args.args]
        if getattr(node, "module", "") == "keras_qlae.backend.one_process":
            taken = public_functions(path.with_name("one_process.py"))
            found |= {each.name: taken[each.name] for each in node.names}
    return found


@pytest.mark.backend_free
def test_the_three_modules_have_the_same_functions():
    folder = Path(inspect.getfile(backend)).parent
    functions = [
        public_functions(folder / f"{name}.py")
        for name in ("tensorflow", "jax", "torch")
    ]
    assert functions[0] == functions[1] == functions[2]
    assert set(functions[0]) <= set(vars(backend))


@pytest.mark.backend_free
def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ImportError, match=r"`KERAS_BACKEND`.*'numpy'"):
        importlib.reload(backend)
    monkeypatch.undo()
    importlib.reload(backend)


def test_a_mean_keeps_the_precision():
    """Unlike `keras.ops.mean`, which rounds to float32 on JAX and PyTorch."""
    values = np.random.default_rng(0).normal(size=(3, 7, 5))
    with backend_precision():
        tensor = ops.convert_to_tensor(values, "float64")
        for axis in (None, -1, (0, 2)):
            mean = backend.mean(tensor, axis=axis, keepdims=True)
            np.testing.assert_allclose(
                ops.convert_to_numpy(mean),
                values.mean(axis=axis, keepdims=True),
                rtol=1e-14,
            )


@contextlib.contextmanager
def backend_precision():
    """Lets JAX have 64 bits."""
    if keras.backend.backend() != "jax":
        yield
        return
    config = importlib.import_module("jax").config
    config.update("jax_enable_x64", True)
    yield
    config.update("jax_enable_x64", False)
