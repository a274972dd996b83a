"""
Tuning
======

A search trains a recipe with several settings and keeps the best. On the
command line: ``keras-qlae tune --search weight_decay=0.01:1``.
"""

# %%
# What is searched has a range, and everything else has the value of the recipe.
# Trials of 200 steps are far too short to choose settings by (InfoM is often
# high before the decoder works), and enough to show what comes out.

import tempfile
from pathlib import Path

import keras_qlae as kq

recipe = kq.recipes.get(
    "qlae", image_size=16, steps=200, steps_per_epoch=100, num_scored=500
)
directory = Path(tempfile.mkdtemp()) / "search"
trials = kq.tuning.search(
    recipe,
    directory,
    ranges={"weight_decay": (0.01, 1.0), "num_values": (4, 16)},
    objective={"val_infom": 1.0, "val_psnr": 0.02},
    max_trials=3,
    verbose=0,
)

# %%
# The objective here is a sum: a decibel of PSNR counts as much as 0.02 of
# InfoM. The trials, best first; the first trial of every search is the recipe
# itself, without weight decay where that is searched.

print((directory / "results.md").read_text())

# %%
# Score against each setting, the best trial in red:

from PIL import Image

Image.open(directory / "figures" / "objective.png")

# %%
# Every trial is a run. The best one is copied to ``best/``:

print(kq.open_run(directory / "best"))

# %%
# More trials
# -----------
# A finished search goes on when more trials are asked for, and a search that
# was stopped goes on with the same call. Trials that have ended are kept.

trials = kq.tuning.search(
    recipe,
    directory,
    ranges={"weight_decay": (0.01, 1.0), "num_values": (4, 16)},
    objective={"val_infom": 1.0, "val_psnr": 0.02},
    max_trials=4,
    verbose=0,
)
print(len(trials))

# %%
# ``algorithm="bayesian"`` and ``"hyperband"`` choose the next trial by the
# earlier ones. ``parallel=4`` runs four trials at a time.
# :doc:`/searching` has everything else.
