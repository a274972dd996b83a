"""Runs a search that can be resumed after a kill."""

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

    A trial is a run in `trials/trial-<number>`. The directory also gets
    `results.csv`, `results.md`, `figures/`, and `best/`, a copy of the run of
    the best trial. `search.json` records the search: if it is called again
    after a kill, it resumes in the middle of the trial. With a higher
    `max_trials` it adds trials.

    The score of a trial is that of its last epoch, since InfoM is often high
    for a short time early on, before the decoder works.

    Args:
        recipe: The recipe, for all settings that are not searched.
        directory: The directory of the search.
        dataset: A data set, arrays or a name, as in `runs.train`; a name if
            trials run in parallel.
        ranges: What is searched, as in `space.ranges_of`.
        objective: What is maximized: a logged name, or a dict of names to
            weights, whose weighted sum is maximized. With `{"val_infom": 1,
            "val_psnr": 0.02}` a decibel is worth 0.02 of InfoM.
        algorithm: `"random"`, `"bayesian"` or `"hyperband"`.
        max_trials: How many trials, including the baseline; Hyperband
            determines the number itself.
        seed: Integer, for the search and every run.
        precision: Keras dtype policy of every run.
        baseline: Whether the first trial is the recipe itself. If weight decay
            is searched, the baseline has none, since a logarithmic scale has
            no zero.
        executor: What runs `runs.execution.execute_apart`. By default trials
            run in this process, or in processes on this machine if
            `parallel` is above 1; this process then leaves the GPUs to them.
        parallel: Trials at a time.
        verbose: 0 for no output; otherwise as in `runs.train`.
        callbacks: Names of callbacks of every trial, as in `runs.train`.

    Returns:
        The trials, best first: the rows of `results.csv`.

    Raises:
        ValueError: Settings, ranges or the objective do not fit, or the
            directory has something else. Raised before any trial.
        RuntimeError: Another process is using the directory, no trial
            succeeded, three in a row failed, or a trial's process was ended
            from outside. The same call resumes the search.
        OSError: The directory cannot be written. The same call resumes the
            search.
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
            "`dataset` must be a name if trials run in separate processes: "
            "`module:name` for your own. Received: "
            f"dataset={dataset!r}"
        )
    tracking.check(callbacks, only_names=True)
    directory = Path(directory)
    limits = space.ranges_of(recipe, ranges)
    weights = objectives.weights_of(objective)
    if algorithm == "hyperband":
        _check_epochs(recipe, limits)
    run_data.check_num_latents(dataset, recipe)
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
            f"Another process is using {directory}: wait for it, or choose "
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
    """Raises if image sizes are searched but there is only one."""
    sizes = [name for name in ranges if name.rpartition(".")[2] == "image_size"]
    if sizes and not run_data.has_sizes(dataset):
        raise ValueError(
            f"The images of {data.name} have one size: search other settings. "
            f"Received: search={sizes[0]!r}"
        )


def _check_directory(directory: Path, plan: Plan) -> None:
    """Raises unless the directory is empty or has this search."""
    for name in (TRIALS, BEST, "figures"):
        if (directory / name).is_symlink():
            raise ValueError(
                f"{directory / name} is a link, but a search writes only into "
                "its own directory: remove the link."
            )
    if not (directory / FILE).exists():
        there = directory.iterdir() if directory.exists() else ()
        if any(not path.name.startswith(".") for path in there):
            raise ValueError(
                f"{directory} is not empty and has no search: choose a new "
                "directory, so that nothing is overwritten."
            )
        return
    differences = Record.read(directory / FILE).plan.differences(plan)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:10])
        raise ValueError(
            f"{directory} has a search with other settings:\n{listed}\n"
            "Choose another directory, or the same settings to resume that "
            "search."
        )
