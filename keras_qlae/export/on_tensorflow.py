"""Exports a model of another backend in a process on TensorFlow.

The process is `python -m keras_qlae.export.on_tensorflow MODEL PART FORMAT
FOLDER`. It gets the model as `model.keras`, which loads on any backend.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras

from keras_qlae.export.formats import FORMATS
from keras_qlae.models.image_model import ImageModel


def write_on_tensorflow(
    model: ImageModel, part: str, format: str, folder: Path
) -> None:
    """Writes a format with TensorFlow on every backend.

    If the other process fails, the message has the end of its output.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError(
            f"Export to {format!r} needs TensorFlow: pip install tensorflow"
        )
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "model.keras")
        model.save(path)
        arguments = [str(path), part, format, str(folder.absolute())]
        result = subprocess.run(
            [sys.executable, "-m", __name__, *arguments],
            env={
                **os.environ,
                "KERAS_BACKEND": "tensorflow",
                "CUDA_VISIBLE_DEVICES": "-1",  # this process has the GPU
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        raise RuntimeError(
            f"Export to {format!r} runs in a separate process on TensorFlow, "
            "which failed. Classes of your own must be importable there "
            "(registered, in an installed package); or load the model on the "
            "TensorFlow backend and export it there. Its output:\n"
            f"{result.stderr.strip()[-2000:]}"
        )


def _main(path: str, part: str, format: str, folder: str) -> None:
    model = keras.saving.load_model(path, compile=False)
    FORMATS[format].write(model, part, Path(folder))


if __name__ == "__main__":
    _main(*sys.argv[1:])
