"""Compares exported encoders with the model, on 10,000 images of room3d.

    KERAS_BACKEND=... python benchmarks/export.py RUN

The SavedModel runs in a new process in which neither Keras nor keras_qlae can
be imported, and the ONNX file in onnxruntime.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

import keras_qlae
from keras_qlae import datasets

NUM_IMAGES = 10_000
FRESH = """
import sys
sys.modules["keras"] = sys.modules["keras_qlae"] = None
import numpy as np
import tensorflow as tf
folder, images, out = sys.argv[1:]
loaded = tf.saved_model.load(folder)
encode = loaded.signatures["encode_uint8"]
parts = [
    {k: v.numpy() for k, v in encode(images=tf.constant(part)).items()}
    for part in np.array_split(np.load(images), 10)
]
np.savez(out, **{k: np.concatenate([p[k] for p in parts]) for k in parts[0]})
"""


def compare(model, latents, codes, outputs):
    """The largest difference of latents, and the number of other codes."""
    near = [
        np.sort(np.abs(column[:, None] - codebook), axis=1)
        for column, codebook in zip(
            latents.T, model.latent.codebooks, strict=True
        )
    ]
    is_clear = np.stack([n[:, 1] - n[:, 0] > 2e-5 for n in near], axis=1)
    differs = outputs["codes"] != codes
    error = np.abs(outputs["latents"] - latents).max()
    return (
        f"latents within {error:.1e}; codes that differ: "
        f"{(differs & is_clear).sum()} of {is_clear.sum()} clear ones, "
        f"{(differs & ~is_clear).sum()} of {(~is_clear).sum()} ambiguous ones"
    )


def main(run):
    model = keras.saving.load_model(Path(run, "model.keras"))
    data = datasets.load("room3d", image_size=model.image_shape[0])
    index = np.linspace(0, len(data) - 1, NUM_IMAGES).astype(int)
    images = data.images(index)
    latents, codes = model.encode(images), model.codes(images)
    backend = keras.backend.backend()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        saved = keras_qlae.export_model(model, Path(folder, "saved"))
        seconds = time.perf_counter() - start
        np.save(Path(folder, "images.npy"), images)
        out = Path(folder, "out.npz")
        arguments = [str(saved), f"{folder}/images.npy", str(out)]
        subprocess.run(
            [sys.executable, "-c", FRESH, *arguments],
            check=True,
            capture_output=True,
        )
        result = compare(model, latents, codes, np.load(out))
        print(f"{backend}, SavedModel, {seconds:.1f} s: {result}")
        import onnxruntime

        start = time.perf_counter()
        path = keras_qlae.export_model(
            model, Path(folder, "onnx"), format="onnx"
        )
        seconds = time.perf_counter() - start
        session = onnxruntime.InferenceSession(path / "encode_uint8.onnx")
        names = [output.name for output in session.get_outputs()]
        outputs = dict(
            zip(names, session.run(None, {"images": images}), strict=True)
        )
        result = compare(model, latents, codes, outputs)
        print(f"{backend}, ONNX, {seconds:.1f} s: {result}")


if __name__ == "__main__":
    main(sys.argv[1])
