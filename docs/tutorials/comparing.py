"""
A comparison
============

Which of two methods is better, and is the difference significant? A study
trains every model with several seeds, and makes a table.
"""

# %%
# A study can be a TOML file, or a command: ``keras-qlae compare qlae ae --seeds
# 0-2``. Here it is written in Python. The runs are far too short to compare the
# methods: they only show the kind of output.

import tempfile
from pathlib import Path

import keras_qlae as kq

small = {
    "image_size": 16,
    "steps": 200,
    "steps_per_epoch": 100,
    "num_scored": 500,
}
study = kq.comparing.Study(
    contenders=(
        kq.comparing.Contender("qlae", "qlae", small, title="QLAE"),
        kq.comparing.Contender("fsq", "fsq", small, title="FSQ, a fixed grid"),
    ),
    datasets=("room3d",),
    seeds=(0, 1),
)
directory = Path(tempfile.mkdtemp()) / "study"
rows = kq.comparing.compare(study, directory, jobs=2)

# %%
# Each run has its own process and run directory. If you stop a study, the same
# call resumes it. Seeds and models can be added later.

for path in sorted(directory.rglob("config.json")):
    print(path.parent.relative_to(directory))

# %%
# ``table.md`` (also CSV and LaTeX) has means and 95 % confidence intervals over
# the seeds. The best mean of a column is bold, and so are means that are not
# significantly different from it (Welch's t-test with Holm's correction). With
# two seeds the intervals are very wide: for a real study use at least five.

print((directory / "table.md").read_text())

# %%
# ``comparison.png`` shows means and intervals, and below each a mark per run.

from PIL import Image

Image.open(directory / "comparison.png")

# %%
# ``report.html`` has sortable tables, and the traversals of any two runs side
# by side. ``compare`` returns the rows of ``results.csv``:

for row in rows:
    scores = f"InfoM {row['infom']:.3f}, PSNR {row['psnr']:.2f} dB"
    print(f"{row['model']}, seed {row['seed']}: {scores}")
