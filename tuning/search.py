"""Searches for settings, as `keras-qlae tune` does; a script to adapt.

python tuning/search.py runs/search
"""

import sys

from keras_qlae import recipes
from keras_qlae import tuning

if __name__ == "__main__":
    tuning.search(
        recipes.get("qlae"),
        sys.argv[1],
        ranges={"weight_decay": (1e-3, 1.0), "num_values": (4, 16)},
        objective={"val_infom": 1.0, "val_psnr": 0.02},
        max_trials=12,
    )
