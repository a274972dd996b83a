"""
Exporting
=========

A trained encoder can be used where neither Keras nor this package is
installed. On the command line: ``keras-qlae export RUN``.
"""

# %%
# We use a trained model that comes with the package. A model of your own is
# opened by ``kq.open_run("runs/...")``.

import tempfile
from pathlib import Path

import numpy as np

import keras_qlae as kq

directory = Path(tempfile.mkdtemp())
run = kq.load("qlae-room3d")
images = run.held_out.images(range(0, 8_000, 1_000))
print(images.shape, images.dtype)

# %%
# Writing
# -------
# ``part`` is ``"encoder"``, ``"decoder"`` or ``"autoencoder"``, and ``format``
# is ``"saved_model"``, ``"onnx"`` or ``"litert"``.

path = kq.export_model(run.model, directory / "autoencoder", part="autoencoder")
print(sorted(each.name for each in path.iterdir()))

# %%
# Using
# -----
# A SavedModel needs TensorFlow only. The signatures take any number of images,
# integers in [0, 255] or floats in [0, 1].

import tensorflow as tf

loaded = tf.saved_model.load(path)
outputs = loaded.signatures["reconstruct_uint8"](images=tf.constant(images))
for name, values in sorted(outputs.items()):
    print(name, values.shape, values.dtype.name)

# %%
# The codes equal those of the model:

print(bool((outputs["codes"].numpy() == run.encode(images)).all()))

# %%
# ``metadata.json`` describes the model and the folder.

import json

metadata = json.loads((path / "metadata.json").read_text())
print(*metadata, sep=", ")
print(metadata["versions"])

# %%
# The decoder converts codes to images. Here the latent with most information
# about one factor takes each of its values. The others keep those of the second
# image.

latent = int(np.argmax(np.max(run.scores.nmi, axis=0)))
codes = np.repeat(outputs["codes"].numpy()[1:2], 7, axis=0)
codes[:, latent] = np.arange(7)
decoded = loaded.signatures["decode_codes"](codes=tf.constant(codes))
row = np.concatenate(list(decoded["images"].numpy()), axis=1)

from PIL import Image

pixels = (255 * row).astype("uint8")
Image.fromarray(pixels).resize((7 * 96, 96), Image.Resampling.NEAREST)

# %%
# :doc:`/serving` has TensorFlow Serving, ONNX, LiteRT and a script that encodes
# a folder of images.
