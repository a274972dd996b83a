"""Writers of the formats; all run on TensorFlow, SavedModel also on JAX."""

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.export.signatures import Signature
from keras_qlae.export.signatures import layers_of
from keras_qlae.export.signatures import signatures_of
from keras_qlae.models.image_model import ImageModel

OPSET = 18  # the highest of ONNX that tf2onnx writes


def write_saved_model(model: ImageModel, part: str, folder: Path) -> None:
    """Writes a SavedModel on TensorFlow, or on JAX with `jax2tf`."""
    archive = keras.export.ExportArchive()
    for layer in layers_of(model, part):
        archive.track(layer)
    for name, signature in signatures_of(model, part).items():
        archive.add_endpoint(
            name, signature.function, input_signature=[signature.spec]
        )
    archive.write_out(str(folder), verbose=False)


def write_onnx(model: ImageModel, part: str, folder: Path) -> None:
    """Writes `<signature>.onnx` for each signature."""
    import tensorflow as tf  # noqa: TID251
    import tf2onnx

    folder.mkdir()
    for name, signature in signatures_of(model, part).items():
        tf2onnx.convert.from_function(
            tf.function(signature.function, autograph=False),
            [_tensor_spec(tf, signature)],
            opset=OPSET,
            output_path=str(folder / f"{name}.onnx"),
        )


def write_litert(model: ImageModel, part: str, folder: Path) -> None:
    """Writes `model.tflite`, with all signatures."""
    import tensorflow as tf  # noqa: TID251

    folder.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        write_saved_model(model, part, Path(temporary, "saved_model"))
        converter = tf.lite.TFLiteConverter.from_saved_model(
            f"{temporary}/saved_model",
            signature_keys=list(signatures_of(model, part)),
        )
        (folder / "model.tflite").write_bytes(converter.convert())


class Format(NamedTuple):
    """How a format is written: by a function of a model, a part and a folder.

    On other `backends` it runs in a separate process on TensorFlow. It
    `requires` modules of the extra with the name of the format.
    """

    write: Callable[[ImageModel, str, Path], None]
    backends: tuple[str, ...] = ("tensorflow",)
    requires: tuple[str, ...] = ()

    @property
    def is_native(self) -> bool:
        """Whether the backend in use can write it."""
        return keras.backend.backend() in self.backends


FORMATS = {
    "saved_model": Format(write_saved_model, ("tensorflow", "jax")),
    "onnx": Format(write_onnx, requires=("onnx", "tf2onnx")),
    "litert": Format(write_litert),
}


def check_format(name: str) -> None:
    """Raises unless a format is known and its libraries are installed."""
    if name not in FORMATS:
        raise ValueError(
            f"`format` must be one of {', '.join(FORMATS)} on the "
            f"{keras.backend.backend()} backend. Received: format={name!r}"
        )
    missing = [
        module
        for module in FORMATS[name].requires
        if importlib.util.find_spec(module) is None
    ]
    if missing:
        raise ImportError(
            f"format={name!r} needs {' and '.join(missing)}: "
            f"pip install 'keras-qlae[{name}]'"
        )


def _tensor_spec(tf: Any, signature: Signature) -> Any:
    (name,) = signature.function.__code__.co_varnames[:1]
    return tf.TensorSpec((None, *signature.shape), signature.dtype, name)
