"""
Tuning
======

A search trains a recipe with several settings and keeps the best. On the
command line: ``keras-qlae tune --search weight_decay=0.01:1``.
"""

# %%
# Searched settings have a range; all others have the value of the recipe.
# Trials of 200 steps are far too short for choosing settings (InfoM is often
# high before the decoder works), but enough to show the output.

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
# InfoM. ``results.csv`` and ``results.md`` list the trials, best first, and
# ``search`` returns the same rows. Trial 0 is the recipe itself, for
# comparison; if weight decay is searched, this trial has none.

for row in trials:
    decay = f"weight decay {row['weight_decay']:.3f}"
    scores = f"InfoM {row['val_infom']:.3f}, PSNR {row['val_psnr']:.2f} dB"
    print(f"trial {row['trial']}: {decay}, {row['num_values']} values")
    print(f"    {scores}, sum {row['score']:.3f}")

# %%
# The score against each setting, with the best trial in red:

from PIL import Image

Image.open(directory / "figures" / "objective.png")

# %%
# Every trial is a run. The best one is copied to ``best/``:

print(kq.open_run(directory / "best"))

# %%
# More trials
# -----------
# A finished search continues with a higher ``max_trials``, and the same call
# resumes a search that was stopped. Trials that have ended are kept.

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
# ``algorithm="bayesian"`` and ``"hyperband"`` choose the next trial from the
# results so far. ``parallel=4`` runs four trials at a time.
# :doc:`/searching` explains everything else.
