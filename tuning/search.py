"""A search to run, and to change: what `keras-qlae tune` does, in Python.

    python tuning/search.py runs/search
    python tuning/search.py runs/search --algorithm bayesian --trials 40
    python tuning/search.py runs/search --dataset NAME --recipe qlae-paper

See tuning/README.md for several processes.
"""

import argparse
from pathlib import Path

from keras_qlae import recipes
from keras_qlae import tuning


def main() -> None:
    """Parses the command line, searches, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--algorithm", default="random")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--recipe", default="qlae")
    parser.add_argument("--dataset", default="room3d")
    parser.add_argument("--steps", type=int, help="Default: the recipe's.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    changed = {} if options.steps is None else {"steps": options.steps}
    hypermodel = tuning.QLAEHyperModel(
        recipes.get(options.recipe, options.dataset, **changed),
        options.dataset,
        search={"weight_decay": (1e-3, 1.0), "num_values": (4, 16)},
        objective="val_infom",
        seed=options.seed,
    )
    rows = tuning.search(
        hypermodel,
        options.directory,
        options.algorithm,
        options.trials,
        options.seed,
    )
    if rows:  # a worker of several processes has none
        print((options.directory / "results.md").read_text())


if __name__ == "__main__":
    main()
