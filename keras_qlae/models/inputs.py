"""Inputs of a model: checks of data, and evaluation in batches."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.latent import Latent
from keras_qlae.models.images import check_image_shape
from keras_qlae.models.images import check_images
from keras_qlae.models.images import to_unit_interval


def check_fit_data(data: Any, image_shape: tuple[int, ...], what: str) -> None:
    """Raises `ValueError` unless `fit` data hold images a model can read.

    There must be at least one batch. All values of arrays are checked. For a
    `tf.data.Dataset` the shape and the values of the first batch are checked.
    That batch comes from a separate pass, so that the data set is not
    consumed; training then gets the second order of a seeded `shuffle`.
    (Checking during training would be too late: on JAX Keras loses the
    weights of a model whose data fail or are empty.) Generators are not
    checked.
    """
    if data is None or hasattr(data, "__next__"):
        return
    if hasattr(data, "as_tf_dataset"):
        raise ValueError(
            f"`{what}` must be batches: call "
            "`dataset.as_tf_dataset(batch_size, shuffle=True)`. "
            f"Received: {data!r}"
        )
    spec = first(getattr(data, "element_spec", data))
    if type(spec).__name__.startswith(("RaggedTensor", "SparseTensor")):
        raise ValueError(
            f"`{what}` must be dense tensors of images of one size: resize "
            "ragged ones, for example with `keras.ops.image.resize`, and make "
            "sparse ones dense with `tf.sparse.to_dense`. Received: "
            f"{type(spec).__name__}"
        )
    if hasattr(data, "element_spec") and hasattr(data, "take"):
        if isinstance(first(data.element_spec), dict):
            raise ValueError(
                f"Elements of `{what}` must be images or (images, factors): "
                "use `.map(lambda element: element['image'])`. "
                f"Received: dicts of {sorted(first(data.element_spec))}"
            )
        _check_number(int(data.cardinality()), what)
        if hasattr(data, "_keras_qlae_state"):
            return  # a data set of this package is always valid
        shape = first(data.element_spec).shape
        if shape.rank is not None:
            check_image_shape(tuple(shape), image_shape, what)
        batches = list(data.take(1))
        _check_number(len(batches), what)
        check_images(first(batches[0]).numpy(), image_shape, what)
    elif isinstance(data, keras.utils.PyDataset):
        _check_number(data.num_batches, what)
        check_images(_to_host(first(data[0])), image_shape, what)
    elif hasattr(data, "__array__"):
        images = _to_host(data)
        check_images(images, image_shape, what)
        _check_number(len(images), what)


def in_batches(
    network: keras.Model, inputs: Any, batch_size: int, dtype: str
) -> np.ndarray:
    """Computes the outputs of a network for NumPy arrays, batch by batch.

    The last batch is padded: another size would be compiled again. `dtype` is
    that of the inputs once scaled to `[0, 1]`.
    """
    if batch_size < 1:
        raise ValueError(
            "`batch_size` must be a positive integer. "
            f"Received: batch_size={batch_size}"
        )
    inputs = _to_host(inputs)
    batch_size = min(batch_size, max(len(inputs), 1))
    outputs = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        missing = batch_size - len(batch)
        padding = [(0, missing)] + [(0, 0)] * (batch.ndim - 1)
        batch = np.pad(batch, padding) if missing else batch
        batch = ops.convert_to_numpy(to_unit_interval(batch, dtype))
        with backend.without_notes():
            result = ops.convert_to_numpy(network.predict_on_batch(batch))
        outputs.append(result[: batch_size - missing])
    if not outputs:
        return np.zeros((0, *network.output_shape[1:]), dtype)
    return np.concatenate(outputs)


def codes_in_batches(
    latent: Latent, encoded: np.ndarray, batch_size: int = 256
) -> np.ndarray:
    """Computes the codes of an encoder's outputs, batch by batch.

    A codebook's values have a distance each: of a large one, those of all
    images at once fit into no memory.
    """
    size = min(batch_size, max(len(encoded), 1))
    return np.concatenate(
        [
            ops.convert_to_numpy(latent.codes(encoded[start : start + size]))
            for start in range(0, max(len(encoded), 1), size)
        ]
    )


def first(data: Any) -> Any:
    """The images of `images` or `(images, factors)`."""
    return data[0] if isinstance(data, tuple | list) else data


def refuse_weights(**weights: Any) -> None:
    """Raises `ValueError` for weights, which these models do not use."""
    for name, weight in weights.items():
        if weight is not None:
            raise ValueError(
                f"This model does not use {name.replace('_', ' ')}s: give "
                "it images, or (images, factors). "
                f"Received: a `{name}`"
            )


def _check_number(number: int | None, what: str) -> None:
    if number == 0:
        raise ValueError(
            f"`{what}` must have at least one batch of images. If it is "
            "batched with `drop_remainder=True`, it needs at least as many "
            "images as a batch. Received: no images"
        )


def _to_host(data: Any) -> np.ndarray:
    return (
        data
        if isinstance(data, np.ndarray)
        else np.asarray(ops.convert_to_numpy(data))
    )
