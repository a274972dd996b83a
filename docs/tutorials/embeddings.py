"""
Embeddings of another model
===========================

Data need not be images. Here the vectors are the last hidden layer of a small
classifier of digits. A QLAE describes each vector by a few discrete codes.
"""

# %%
# Vectors
# -------
# Any floats of shape ``(n, width)`` work, such as the embeddings of a
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
# If you know properties of the vectors, give them as factors: integers, one
# column per factor. Training also works without factors if ``num_latents`` is
# given; then the only score is the share of the variance that is reconstructed.

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
# deviations of the training data. The model saves these numbers, and takes and
# returns vectors in their own units.

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
# Results
# -------
# Vectors have no PSNR. ``rebuilt`` is R2: 1 for perfect reconstructions, 0 if
# all of them are the mean vector.

run = kq.open_run(directory, data)
print(run)

# %%
# Six codes of four values: 12 bits in place of 32 floats.

codes = run.encode(embeddings)
print(codes[:3])
print(len(np.unique(codes, axis=0)), "different codes of", len(codes))

# %%
# What information do the codes have? The classifier was trained for digits
# only, and so the codes have information about the digit, and little about the
# amount of ink. The digit is spread over all latents, since a codebook of four
# values cannot represent ten digits.

figures = run.figures()
figures["nmi"]

# %%
# The latents for each value of a factor: the median, and bands between the
# quartiles and between the first and the ninth decile. If a latent depends on a
# factor, its median changes.

figures["latents_by_factor"]

# %%
# Each latent of one vector is set to each of its values, and the other latents
# are kept. For some of these vectors the classifier then decides for another
# digit.

first = run.traverse(embeddings[0])
output_weights, output_biases = classifier.coefs_[1], classifier.intercepts_[1]
for latent, vectors in enumerate(first):
    digit = (vectors @ output_weights + output_biases).argmax(axis=1)
    print(f"latent {latent}: {digit}")

# sphinx_gallery_thumbnail_number = 2
