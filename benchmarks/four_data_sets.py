"""Trains what is missing in `results/four_data_sets.csv`, part by part.

    python benchmarks/four_data_sets.py runs/four_data_sets
    python benchmarks/four_data_sets.py runs/four_data_sets --seeds 0 \
        --models qlae fsq

The study of `four_data_sets.toml` takes 15 hours or more on two cores. The
machine may change, so a run whose row is in the file is not repeated,
whether its directory is here or not. Rows are added after every data set and
seed, and at the next start after an interruption. A run that was interrupted
resumes, as `keras-qlae compare` does.
"""

import argparse
import dataclasses
from pathlib import Path

from keras_qlae.comparing import compare
from keras_qlae.comparing import read_study
from keras_qlae.files import read_csv
from keras_qlae.files import write_csv

HERE = Path(__file__).parent
ROWS = HERE / "results" / "four_data_sets.csv"


def main():
    study = read_study(HERE / "four_data_sets.toml", {})
    names = [contender.name for contender in study.contenders]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=study.seeds)
    parser.add_argument("--datasets", nargs="*", default=study.datasets)
    parser.add_argument("--models", nargs="*", default=names)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    interrupted = options.directory / "results.csv"
    if interrupted.exists():
        add(read_csv(interrupted))
    for seed in options.seeds:
        for dataset in options.datasets:
            missing = [
                contender
                for contender in study.contenders
                if contender.name in options.models
                and (dataset, contender.shown, str(seed)) not in known()
            ]
            if not missing:
                continue
            part = dataclasses.replace(
                study, contenders=missing, datasets=[dataset], seeds=[seed]
            )
            add(compare(part, options.directory, jobs=options.jobs))


def known():
    """The rows that exist, by data set, model and seed."""
    rows = read_csv(ROWS) if ROWS.exists() else []
    return {(row["dataset"], row["model"], row["seed"]): row for row in rows}


def add(rows):
    """Adds the rows of finished runs."""
    found = known()
    for row in rows:
        key = row["dataset"], row["model"], str(row["seed"])
        if row["status"].startswith("finished"):
            found[key] = {k: v for k, v in row.items() if k != "udr"}
    write_csv(ROWS, list(found.values()))


if __name__ == "__main__":
    main()
