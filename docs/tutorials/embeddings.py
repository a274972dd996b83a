"""
Embeddings of another model
===========================

Data need not be images. Here a small classifier of digits gives vectors, its
last hidden layer, and a QLAE describes each of them by a few discrete codes.
"""

# %%
# Vectors
# -------
# Any floats of shape ``(n, width)`` will do, such as the embeddings of a
# language or vision model. These are of scikit-learn's classifier on its
# 8 x 8 digits, and need no download.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

digits = load_digits()
classifier = MLPClassifier([32], tol=1e-3, random_state=0)
classifier.fit(digits.data / 16, digits.target)
weights, biases = classifier.coefs_[0], classifier.intercepts_[0]
embeddings = np.maximum(digits.data / 16 @ weights + biases, 0)
print(embeddings.shape)

# %%
# If something is known of each vector, give it as factors: integers, a column
# for each factor. Without factors training works too, with ``num_latents``
# given, and the only score is the share of the variance that is rebuilt.

factors = {
    "digit": digits.target,
    "even": digits.target % 2,
    "ink": np.digitize(digits.data.mean(axis=1), [4.3, 4.9, 5.5]),
}

# %%
# Training
# --------
# The recipes ``qlae-vectors`` and ``ae-vectors`` have dense networks and the
# squared error as loss. Networks and loss standardize the vectors by means and
# deviations of the training data, which are kept in the model: it takes and
# gives vectors in their own units.

import tempfile
from pathlib import Path

import keras_qlae as kq

recipe = kq.recipes.get(
    "qlae-vectors",
    num_latents=6,
    num_values=4,
    dense_units=[64],
    steps=1500,
    steps_per_epoch=300,
    num_scored=359,
)
data = kq.datasets.from_arrays(
    embeddings, np.stack(list(factors.values()), axis=1), list(factors)
)
directory = Path(tempfile.mkdtemp()) / "run"
kq.runs.train(directory, recipe, data, verbose=0)

# %%
# The same on the command line, with the vectors in a file::
#
#     np.savez("digits.npz", vectors=embeddings, factors=table)
#
#     keras-qlae train --recipe qlae-vectors --dataset digits.npz \
#         --num-latents 6 --num-values 4
#
# What came out
# -------------
# Of vectors there is no PSNR. ``rebuilt`` is R2: 1 if each vector is rebuilt,
# 0 if they all become the mean vector.

run = kq.open_run(directory, data)
print(run)

# %%
# Six codes of four values: 12 bits in place of 32 floats.

codes = run.encode(embeddings)
print(codes[:3])
print(len(np.unique(codes, axis=0)), "different codes of", len(codes))

# %%
# What do they know? The classifier has made its embeddings for one purpose,
# and the codes show it: they have information about the digit, and little
# about how much ink there is. The digit is spread over all latents: no codebook
# of four values can hold one of ten digits.

figures = run.figures()
figures["nmi"]

# %%
# The same in values: the median of each latent, and bands from quartile to
# quartile and from the first to the ninth decile. A latent that follows a
# factor has a line that moves.

figures["latents_by_factor"]

# %%
# Vectors with each latent set to each of its values, the rest kept. Here is
# what the classifier says of them: a change of one code turns some digits into
# others.

first = run.traverse(embeddings[0])
output_weights, output_biases = classifier.coefs_[1], classifier.intercepts_[1]
for latent, vectors in enumerate(first):
    said = (vectors @ output_weights + output_biases).argmax(axis=1)
    print(f"latent {latent}: {said}")

# sphinx_gallery_thumbnail_number = 2
