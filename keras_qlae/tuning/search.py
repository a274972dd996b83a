"""Runs a search in a directory that survives a kill."""

import contextlib
import functools
import tempfile
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from keras_qlae.datasets import FactorDataset
from keras_qlae.files import locked
from keras_qlae.recipes import Recipe
from keras_qlae.runs import data as run_data
from keras_qlae.runs import tracking
from keras_qlae.runs.execution import Jobs
from keras_qlae.runs.execution import without_gpus
from keras_qlae.runs.training import describe
from keras_qlae.tuning import objective as objectives
from keras_qlae.tuning import space
from keras_qlae.tuning.here import Here
from keras_qlae.tuning.oracle import ALGORITHMS
from keras_qlae.tuning.oracle import Oracle
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.trials import BEST
from keras_qlae.tuning.trials import FILE
from keras_qlae.tuning.trials import TRIALS
from keras_qlae.tuning.trials import Trials


def search(
    recipe: Recipe,
    directory: Path | str,
    dataset: Any = "room3d",
    ranges: Iterable[str] | Mapping[str, tuple[float, float] | None] = (),
    objective: str | Mapping[str, float] = "val_infom",
    algorithm: str = "random",
    max_trials: int = 12,
    seed: int = 0,
    precision: str = "float32",
    baseline: bool = True,
    executor: Executor | None = None,
    parallel: int = 1,
    verbose: int = 1,
    callbacks: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Searches for good settings of a recipe, and keeps the best run.

    A trial is a run in `trials/trial-<number>`. The directory gets
    `results.csv`, `results.md`, `figures/`, and `best/`, a copy of the best
    trial's run. `search.json` is what the search goes on from: called again
    after a kill, it goes on in the middle of the trial. With a higher
    `max_trials` it adds trials.

    The score of a trial is that of its last epoch, since InfoM is often high
    for a moment early on, before the decoder works.

    Args:
        recipe: Every setting that is not searched.
        directory: Where it all goes.
        dataset: A data set, arrays or a name, as of `runs.train`; a name if
            trials run in parallel.
        ranges: What is searched, as of `space.ranges_of`.
        objective: What is maximized: a name that is logged, or a dict of names
            to weights, whose weighted sum is maximized. With `{"val_infom":
            1, "val_psnr": 0.02}` a decibel is worth 0.02 of InfoM.
        algorithm: `"random"`, `"bayesian"` or `"hyperband"`.
        max_trials: How many trials, the baseline among them; Hyperband
            decides itself.
        seed: Integer of the search, and of every run.
        precision: Keras dtype policy of every run.
        baseline: Whether the first trial is the recipe itself, without weight
            decay if that is searched: a logarithmic scale has no zero.
        executor: What runs `runs.execution.execute_apart`. By default trials
            run in this process, or in processes on this machine if
            `parallel` is above 1; this process then leaves the GPUs to them.
        parallel: Trials at a time.
        verbose: 0 for silence; else as of `runs.train`.
        callbacks: Names of callbacks of every trial, as of `runs.train`.

    Returns:
        The trials, best first: the rows of `results.csv`.

    Raises:
        ValueError: Settings, ranges or an objective that do not fit, or a
            directory that holds something else; before any trial.
        RuntimeError: Another process searches there; no trial succeeded;
            three in a row failed; or a trial's process was ended from
            outside. The same call goes on where it was.
        OSError: The directory cannot be written; the same call goes on.
        ImportError: The library of a tracker is not installed.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(
            f"`algorithm` must be one of {', '.join(ALGORITHMS)}. "
            f"Received: algorithm={algorithm!r}"
        )
    if max_trials < 1:
        raise ValueError(
            "`max_trials` must be at least 1. "
            f"Received: max_trials={max_trials}"
        )
    dataset = run_data.of_arrays(dataset)
    is_apart = executor is not None or parallel != 1
    if is_apart and not isinstance(dataset, str):
        raise ValueError(
            "`dataset` must be a name where trials run in processes of their "
            "own: `module:name` for one of your own. Received: "
            f"dataset={dataset!r}"
        )
    tracking.check(callbacks, only_names=True)
    directory = Path(directory)
    limits = space.ranges_of(recipe, ranges)
    weights = objectives.weights_of(objective)
    if algorithm == "hyperband":
        _check_epochs(recipe, limits)
    data = run_data.load(dataset, recipe.training.image_size)
    _check_sizes(dataset, data, limits)
    plan = Plan(
        run=describe(recipe, dataset, seed, precision, data.fingerprint()),
        ranges=dict(limits),
        objective=weights,
        algorithm=algorithm,
        baseline=baseline,
    )
    _check_directory(directory, plan)
    with without_gpus() if is_apart else contextlib.nullcontext():
        objectives.check(weights, recipe, data)
    with (
        locked(
            directory,
            f"Another process searches in {directory}: wait for it, or choose "
            "another directory.",
        ),
        tempfile.TemporaryDirectory() as scratch,
        Jobs(parallel, executor)
        if is_apart
        else Here(dataset, verbose) as jobs,
    ):
        make_oracle = functools.partial(
            Oracle,
            algorithm,
            space.hyperparameters(recipe, limits),
            seed,
            recipe.training.steps // recipe.training.steps_per_epoch,
            Path(scratch),
        )
        found = Trials(
            recipe, directory, plan, make_oracle, jobs, verbose, callbacks
        )
        return found.do_all(max_trials, data)


def _check_epochs(recipe: Recipe, ranges: space.Ranges) -> None:
    """Raises if Hyperband cannot set the length of trials."""
    training = recipe.training
    if training.steps < training.steps_per_epoch:
        raise ValueError(
            "A trial of Hyperband must have at least one epoch: `steps` of at "
            f"least `steps_per_epoch`. Received: steps={training.steps}, "
            f"steps_per_epoch={training.steps_per_epoch}"
        )
    for name in ranges:
        if name.rpartition(".")[2] == "steps":
            raise ValueError(
                "Hyperband sets `steps` itself: search other settings. "
                f"Received: search={name!r}"
            )


def _check_sizes(
    dataset: Any, data: FactorDataset, ranges: space.Ranges
) -> None:
    """Raises if image sizes are searched where there is only one."""
    sizes = [name for name in ranges if name.rpartition(".")[2] == "image_size"]
    if sizes and not run_data.has_sizes(dataset):
        raise ValueError(
            f"The images of {data.name} have one size: search other settings. "
            f"Received: search={sizes[0]!r}"
        )


def _check_directory(directory: Path, plan: Plan) -> None:
    """Raises unless the directory is free, or holds this search."""
    for name in (TRIALS, BEST, "figures"):
        if (directory / name).is_symlink():
            raise ValueError(
                f"{directory / name} is a link, and what a search writes stays "
                "in its directory: remove the link."
            )
    if not (directory / FILE).exists():
        if directory.exists() and _visible(directory):
            raise ValueError(
                f"{directory} is not empty and holds no search: choose a new "
                "directory, so that nothing in it is overwritten."
            )
        return
    differences = Record.read(directory / FILE).plan.differences(plan)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:10])
        raise ValueError(
            f"{directory} holds a search of other settings:\n{listed}\n"
            "Choose another directory, or the same settings to go on with "
            "that search."
        )


def _visible(folder: Path) -> bool:
    return any(not path.name.startswith(".") for path in folder.iterdir())
