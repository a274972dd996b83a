"""
Exporting
=========

A trained encoder can be used where neither Keras nor this package is
installed. On the command line: ``keras-qlae export RUN``.
"""

# %%
# First we train a model for a few seconds:

import tempfile
from pathlib import Path

import numpy as np

import keras_qlae as kq

directory = Path(tempfile.mkdtemp())
recipe = kq.recipes.get(
    "qlae", image_size=16, steps=200, steps_per_epoch=200, num_scored=500
)
kq.runs.train(directory / "run", recipe, verbose=0)
run = kq.open_run(directory / "run")
images = run.held_out.images(range(8))
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
# The decoder converts codes to images. This one is blurred, since the model was
# trained for 200 steps only.

codes = np.array([[3] * run.model.latent.num_latents], "int32")
decoded = loaded.signatures["decode_codes"](codes=tf.constant(codes))
pixels = (255 * decoded["images"][0].numpy()).astype("uint8")

from PIL import Image

Image.fromarray(pixels).resize((256, 256), Image.Resampling.NEAREST)

# %%
# :doc:`/serving` has TensorFlow Serving, ONNX, LiteRT and a script that encodes
# a folder of images.
