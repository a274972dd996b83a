"""
InfoMEC of your arrays
======================

How disentangled is a representation? If you know the factors of variation of
your data, a few lines answer that for any model. This tutorial needs neither
Keras nor a framework.
"""

# %%
# Two arrays are enough: the factors, integers of shape
# ``(num_samples, num_factors)``, and the latents of the same samples,
# ``(num_samples, num_latents)``. Here we make both: two factors, and three
# representations of them.

import numpy as np

from keras_qlae import metrics

rng = np.random.default_rng(0)
factors = rng.integers(0, 6, (4000, 2))  # say, position and colour

noise = 0.02 * rng.normal(size=(4000, 2))
scaled = factors / 5 - 0.5
axis_aligned = scaled + noise
angle = np.pi / 4
turn = np.array(
    [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
)
rotated = axis_aligned @ turn
only_one = axis_aligned[:, :1]

# %%
# InfoMEC has three scores, each from 0 to 1:
#
# * **InfoM** (modularity): each latent has information about one factor only;
# * **InfoE** (explicitness): a linear classifier can predict the factors;
# * **InfoC** (compactness): one latent has all information about a factor.

print("axis-aligned:", metrics.infomec(factors, axis_aligned))
print("rotated:     ", metrics.infomec(factors, rotated))
print("one latent:  ", metrics.infomec(factors, only_one))

# %%
# The rotated representation has all information about the factors, but it is
# not modular: both latents depend on both factors. The third representation has
# no information about the second factor: it is modular, but InfoE is halved.
# Always look at the three scores together.
#
# InfoM and InfoC come from the table of normalized mutual information. Each
# row is a factor, each column a latent.

from keras_qlae import figures

result = metrics.infomec(factors, rotated)
figures.nmi_heatmap(result.nmi, factor_names=["position", "colour"])

# %%
# Discrete codes
# --------------
# Integers are scored as codes: the order of their values does not matter.
# Floats are scored as continuous latents, by a nearest-neighbour estimate.
# ``discrete=True`` scores floats of few values as codes.

codes = np.array([3, 0, 5, 1, 4, 2])[factors]  # the factors, renumbered
print(metrics.infomec(factors, codes))
print(metrics.code_usage(codes, 6).perplexity)

# %%
# Latents that do not vary
# ------------------------
# InfoM and InfoC use active latents only, so that unused latents do not affect
# the scores. A latent is active if its range is above a twentieth of the
# largest range; ``active=`` takes another rule or a mask.

with_idle = np.concatenate([axis_aligned, 1e-3 * noise], axis=1)
print(metrics.infomec(factors, with_idle))

# %%
# Correlated factors
# ------------------
# If factors are correlated, a latent that follows one factor has information
# about the other factor too, and InfoM is lower even for a perfect model.
# :py:func:`~keras_qlae.metrics.conditional_infomec` conditions on the other
# factors.

first = factors[:, 0]
second = np.where(rng.random(4000) < 0.7, first, factors[:, 1])
correlated = np.stack([first, second], axis=1)
print("InfoM: ", round(metrics.infomec(correlated, correlated).infom, 3))
conditional = metrics.conditional_infomec(correlated, correlated)
print("cInfoM:", round(conditional.infom, 3))

# %%
# Every score at once
# -------------------
# :py:func:`~keras_qlae.metrics.all_scores` computes the scores of the
# literature, and :py:data:`~keras_qlae.metrics.VARIANTS` describes the variant
# of each. They do not agree on what "disentangled" means, as this table of the
# rotated representation shows.

for name, score in metrics.all_scores(factors, rotated).items():
    print(f"{name:>14} {score:.2f}")
