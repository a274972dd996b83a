"""
Your images
===========

Train on a folder of images, score the result, and look at it. On the command
line: ``keras-qlae train --dataset FOLDER``.
"""

# %%
# A folder
# --------
# Any folder of PNG, JPEG, GIF, BMP, TIFF, WebP or PPM files works. We draw one:
# discs at nine positions, in three sizes and six colours. Noise makes all
# images different.

import colorsys
import csv
import itertools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from PIL import ImageDraw

folder = Path(tempfile.mkdtemp()) / "discs"
folder.mkdir()
rng = np.random.default_rng(0)
table = []
grid = itertools.product(range(3), range(3), range(3), range(6), range(10))
for number, (x, y, size, hue, _) in enumerate(grid):
    image = Image.new("RGB", (16, 16), (30, 30, 40))
    radius, left, top = 2 + size, 5 + 3 * x, 5 + 3 * y
    colour = colorsys.hsv_to_rgb(hue / 6, 0.8, 1.0)
    ImageDraw.Draw(image).ellipse(
        (left - radius, top - radius, left + radius, top + radius),
        fill=tuple(round(200 * c + 30) for c in colour),
    )
    noisy = np.array(image) + rng.normal(0, 4, (16, 16, 3))
    name = f"{number:04d}.png"
    Image.fromarray(noisy.clip(0, 255).astype("uint8")).save(folder / name)
    table.append({"file": name, "x": x, "y": y, "size": size, "hue": hue})

# %%
# If the factors are known, put them into ``factors.csv``, with a column
# ``file`` and one column per factor. Training also works without this file;
# then the only score is PSNR.

with open(folder / "factors.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, table[0])
    writer.writeheader()
    writer.writerows(table)

# %%
# Training
# --------
# A recipe has all other settings. They are arguments with the names of the
# options on the command line. The values here are small, so that this page is
# built in seconds: for your own images start with the defaults.

import keras_qlae as kq

recipe = kq.recipes.get(
    "qlae",
    image_size=16,
    num_latents=4,
    num_values=6,
    steps=2400,
    steps_per_epoch=400,
    num_scored=300,
)
run_directory = folder.with_name("run")
kq.runs.train(run_directory, recipe, str(folder), verbose=0)

# %%
# The same on the command line::
#
#     keras-qlae train --dataset discs --image-size 16 --num-latents 4 \
#         --num-values 6 --steps 2400 --steps-per-epoch 400 --num-scored 300
#
# The same command resumes a run that was stopped.
#
# The results
# -----------
# ``open_run`` opens the run: scores, logs, the model, the held-out images.

run = kq.open_run(run_directory)
print(run)

# %%
# How much information each latent has about each factor:

figures = run.figures()
figures["nmi"]

# %%
# Reconstructions of held-out images:

figures["reconstructions"]

# %%
# One held-out image with each latent set to each of its values, one row per
# latent. A disentangled latent changes one property of the image.

kq.figures.traversals(run.model, run.held_out.images([0]))

# %%
# Codes of new images, integers of shape ``(n, num_latents)``:

run.encode(run.held_out.images(range(3)))

# %%
# A page to explore
# -----------------
# This writes an HTML file that contains the model and needs neither a server
# nor Python. ``keras-qlae explore RUN`` does the same, and every run has such a
# page as ``report.html``. Move the sliders:

some = range(200)
kq.explorer.write(
    run.model,
    folder.with_name("page.html"),
    images=run.held_out.images(some),
    factors=run.held_out.factors(some),
    factor_names=run.held_out.factor_names,
    title="Discs",
)

# sphinx_gallery_thumbnail_number = 3
