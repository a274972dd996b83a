"""
The layer in your model
=======================

:py:class:`~keras_qlae.layers.ScalarCodebookQuantizer` is an ordinary Keras
layer. Here it is the bottleneck of a small classifier, whose decision then
depends on a few discrete codes that can be counted and inspected.
"""

# %%
# The data are the 8 x 8 digits of scikit-learn, which need no download.

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_qlae as kq

keras.utils.set_random_seed(0)
digits = load_digits()
images = (digits.images[..., None] / 16).astype("float32")
train, test = slice(0, 1400), slice(1400, None)

# %%
# There are six latents with four values each. The layer adds two losses to the
# model: one moves the codebooks to the latents, the other keeps the latents
# near the codebooks. The gradient of the classifier passes through unchanged
# (straight-through).

quantizer = kq.layers.ScalarCodebookQuantizer(num_latents=6, num_values=4)
inputs = keras.Input((8, 8, 1))
x = keras.layers.Flatten()(inputs)
x = keras.layers.Dense(64, activation="relu")(x)
latents = keras.layers.Dense(6)(x)
x = quantizer(latents)
x = keras.layers.Dense(64, activation="relu")(x)
outputs = keras.layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model.compile(
    keras.optimizers.Adam(3e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(
    images[train], digits.target[train], batch_size=64, epochs=40, verbose=0
)
_, accuracy = model.evaluate(images[test], digits.target[test], verbose=0)
print(f"accuracy {accuracy:.3f}")

# %%
# What passes through
# -------------------
# ``codes`` returns the position in each codebook; ``values`` converts codes
# back to values.

encoder = keras.Model(inputs, latents)
z = encoder.predict(images, verbose=0)
codes = keras.ops.convert_to_numpy(quantizer.codes(z))
print(codes[:3])
print("codebook of the first latent:", quantizer.codebooks[0].round(2))

# %%
# How many different codes do the 1,797 images have?

print(len(np.unique(codes, axis=0)), "of", 4**6)

# %%
# How evenly is each codebook used? Perplexity 4 means that all four codes are
# equally frequent, 1 that only one code occurs.

usage = kq.metrics.code_usage(codes, 4)
print("perplexity", usage.perplexity.round(2))
print("codes never used", usage.num_dead)

# %%
# Mutual information of each latent with the digit, divided by the entropy of
# the digit:

nmi = kq.metrics.normalized_mutual_information(digits.target[:, None], codes)
kq.figures.nmi_heatmap(nmi, factor_names=["digit"])

# %%
# Saving and loading
# ------------------
# Nothing special is needed, as long as ``keras_qlae`` is imported.

import tempfile
from pathlib import Path

path = Path(tempfile.mkdtemp()) / "digits.keras"
model.save(path)
again = keras.models.load_model(path)
difference = again.predict(images, verbose=0) - model.predict(images, verbose=0)
print("largest difference:", float(np.abs(difference).max()))
