"""Runs a search in a directory that survives a kill."""

import contextlib
import functools
import math
import shutil
import tempfile
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from concurrent.futures import Executor
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import keras

from keras_qlae import runs
from keras_qlae.datasets import FactorDataset
from keras_qlae.files import locked
from keras_qlae.files import replacing
from keras_qlae.recipes import Recipe
from keras_qlae.recipes import SettingError
from keras_qlae.runs import data as run_data
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.execution import UNUSABLE
from keras_qlae.runs.execution import Jobs
from keras_qlae.runs.execution import Outcome
from keras_qlae.runs.execution import Task
from keras_qlae.runs.execution import without_gpus
from keras_qlae.runs.training import describe
from keras_qlae.tuning import objective as objectives
from keras_qlae.tuning import results
from keras_qlae.tuning import space
from keras_qlae.tuning.oracle import ALGORITHMS
from keras_qlae.tuning.oracle import Oracle
from keras_qlae.tuning.record import CONTINUED
from keras_qlae.tuning.record import EPOCHS
from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.record import Told

_MOST_FAILURES = 3  # in a row, before a search stops
_FILE = "search.json"
_TRIALS = "trials"
_BEST = "best"


def search(
    recipe: Recipe,
    directory: Path | str,
    dataset: str | FactorDataset = "room3d",
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
        dataset: A data set or its name, as of `runs.train`; a name if trials
            run in parallel.
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

    Returns:
        The trials, best first: the rows of `results.csv`.

    Raises:
        ValueError: Settings, ranges or an objective that do not fit, or a
            directory that holds something else; before any trial.
        RuntimeError: Another process searches there; no trial succeeded;
            three in a row failed; or a trial's process was ended from
            outside. The same call goes on where it was.
        OSError: The directory cannot be written; the same call goes on.
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
    is_apart = executor is not None or parallel != 1
    if is_apart and not isinstance(dataset, str):
        raise ValueError(
            "`dataset` must be a name where trials run in processes of their "
            "own: `module:name` for one of your own. Received: "
            f"dataset={dataset!r}"
        )
    directory = Path(directory)
    limits = space.ranges_of(recipe, ranges)
    weights = objectives.weights_of(objective)
    if algorithm == "hyperband":
        _check_epochs(recipe, limits)
    data = run_data.load(dataset, recipe.training.image_size)
    plan = Plan.of(
        describe(recipe, dataset, seed, precision, data.fingerprint()),
        limits,
        weights,
        algorithm,
        baseline,
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
        else _Here(dataset, verbose) as jobs,
    ):
        make_oracle = functools.partial(
            Oracle,
            algorithm,
            space.hyperparameters(recipe, limits),
            seed,
            recipe.training.steps // recipe.training.steps_per_epoch,
            Path(scratch),
        )
        found = _Search(recipe, directory, plan, make_oracle, jobs, verbose)
        return found.do_all(max_trials, data)


class _Here:
    """Does tasks at once, in this process; otherwise it is as `Jobs`."""

    def __init__(self, dataset: str | FactorDataset, verbose: int) -> None:
        self._dataset = dataset
        self._verbose = verbose
        self._done: list[Future[Outcome]] = []

    def __enter__(self) -> "_Here":
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to end."""

    @property
    def is_free(self) -> bool:
        """Whether the last task was collected."""
        return not self._done

    def begin(self, task: Task, log: Path) -> Future[Outcome]:
        """Does a task."""
        keras.utils.clear_session()
        outcome = Outcome(0, [])
        try:
            runs.train(
                task.directory,
                task.to_recipe(),
                self._dataset,
                task.seed,
                task.precision,
                self._verbose,
            )
        except (FloatingPointError, ValueError) as error:
            outcome = Outcome(UNUSABLE, [str(error)])
        future: Future[Outcome] = Future()
        future.set_result(outcome)
        self._done.append(future)
        return future

    def ended(self) -> list[Future[Outcome]]:
        """The task that was done."""
        done, self._done = self._done, []
        return done


class _Search:
    """Asks for trials, has them run, and writes down what happens."""

    def __init__(
        self,
        recipe: Recipe,
        directory: Path,
        plan: Plan,
        make_oracle: Callable[[], Oracle],
        jobs: Jobs | _Here,
        verbose: int,
    ) -> None:
        self.recipe = recipe
        self.directory = directory
        self.plan = plan
        self.make_oracle = make_oracle
        self.oracle: Oracle | None = None  # made when it is first asked
        self.jobs = jobs
        self.verbose = verbose
        self.file = directory / _FILE
        self.record = Record(plan=plan)
        if self.file.exists():
            self.record = Record.read(self.file)
        self.resumed: set[int] = set()  # trials that had a directory

    def do_all(
        self, max_trials: int, data: FactorDataset
    ) -> list[dict[str, Any]]:
        """Returns the rows once the search is finished."""
        before = len(self.record.events)
        failures = self._do_trials(max_trials)
        if len(self.record.events) == before:
            self._say(
                f"{self.directory} is a finished search of "
                f"{len(self.record.asked)} trials. Ask for more to go on."
            )
        rows = results.rows(self.record, self.recipe, data)
        results.write(self.directory, rows, self.plan)
        done = [row for row in rows if row["status"] == results.COMPLETED]
        if done:
            self._keep(done[0]["trial"])
        if failures >= _MOST_FAILURES or not done:
            messages = [told.message for told in self.record.told.values()]
            what = "No trial succeeded"
            if failures >= _MOST_FAILURES:
                what = f"The search was stopped: {failures} trials in a row "
                what += "failed"
            last = next((m for m in reversed(messages) if m), "")
            raise RuntimeError(
                f"{what}. The same command goes on with the trials that are "
                f"left. The last one that failed said:\n{last}"
            )
        return rows

    def _do_trials(self, max_trials: int) -> int:
        """Does the trials; returns how many failed in a row at the end."""
        waiting = list(self.record.unfinished)
        running: dict[Future[Outcome], Asked] = {}
        failures = 0
        while True:
            while self.jobs.is_free and failures < _MOST_FAILURES:
                asked = waiting.pop(0) if waiting else self._ask(max_trials)
                if asked is None:
                    break
                try:
                    task = self._task(asked)
                except SettingError as error:
                    outcome = Outcome(UNUSABLE, [str(error)])
                    failures = self._tell(asked, outcome, failures)
                    continue
                self._say(f"Trial {asked.trial}: {_shown(asked.values)}")
                log = self._folder(asked.trial).with_suffix(".log")
                running[self.jobs.begin(task, log)] = asked
            if not running:
                return failures
            for future in self.jobs.ended():
                asked, outcome = running.pop(future), future.result()
                if outcome.code == UNUSABLE and asked.trial in self.resumed:
                    # What a kill or a person left there may be to blame.
                    self.resumed.remove(asked.trial)
                    shutil.rmtree(self._folder(asked.trial))
                    waiting.append(asked)
                else:
                    failures = self._tell(asked, outcome, failures)

    def _ask(self, max_trials: int) -> Asked | None:
        """The next trial; `None` if there is none, or none yet."""
        number = len(self.record.asked)
        is_counted = self.plan.algorithm != "hyperband"
        if is_counted and number >= max_trials:
            return None
        if self.plan.baseline and number == 0:
            decays = filter(space.is_weight_decay, self.plan.ranges)
            values: Any = dict.fromkeys(decays, 0.0)
        else:
            values = self._oracle().ask(number)
        if values is None:
            return None
        if number == 0 or self.record.best is not None:
            self._check_best()
        asked = Asked(trial=number, values=values)
        self._write(self.record.with_event(asked))
        return asked

    def _oracle(self) -> Oracle:
        """The oracle, which knows all that has happened so far."""
        if self.oracle is None:
            self.oracle = self.make_oracle()
            self.oracle.replay(self.record)
        return self.oracle

    def _task(self, asked: Asked) -> Task:
        """The run of a trial, its directory made ready.

        Raises:
            SettingError: The values do not go together.
        """
        values = {k: v for k, v in asked.values.items() if "/" not in k}
        recipe = self.recipe.override(values)
        if EPOCHS in asked.values:
            epochs = int(asked.values[EPOCHS])
            steps = epochs * recipe.training.steps_per_epoch
            recipe = recipe.override(steps=steps)
        folder = self._folder(asked.trial)
        if folder.is_symlink():
            folder.unlink()
        if folder.exists():
            self.resumed.add(asked.trial)
        elif CONTINUED in asked.values:
            source = int(asked.values[CONTINUED]) + self.plan.baseline
            if self._folder(source).is_dir():
                _copy(self._folder(source), folder)
        config = self.plan.run
        return Task.of(
            folder, recipe, config.dataset, config.seed, config.precision
        )

    def _tell(self, asked: Asked, outcome: Outcome, failures: int) -> int:
        """Writes down how a trial ended; returns the failures in a row."""
        told = self._told(asked, outcome)
        self._write(self.record.with_event(told))
        if self.oracle is not None:
            self.oracle.tell(told.trial, told.score)
        if told.score is None:
            self._say(f"Trial {told.trial} failed: {told.message}")
            return failures + 1
        name = objectives.name_of(self.plan.objective)
        self._say(f"Trial {told.trial}: {name} {told.score:.4g}")
        return 0

    def _told(self, asked: Asked, outcome: Outcome) -> Told:
        """How a trial ended.

        Raises:
            RuntimeError: It was ended from outside.
        """
        folder = self._folder(asked.trial)
        if outcome.code == UNUSABLE:
            message = outcome.last_lines[-1] if outcome.last_lines else ""
            return Told(trial=asked.trial, status="FAILED", message=message)
        if outcome.code:
            lines = "".join(f"\n    {line}" for line in outcome.last_lines)
            raise RuntimeError(
                f"Trial {asked.trial} was ended from outside ({outcome.how}). "
                "The same command goes on with it. "
                f"{folder.with_suffix('.log')} ends with:{lines}"
            )
        columns = RunDirectory(folder).read_metrics()
        last = {name: values[-1] for name, values in columns.items()}
        score = objectives.score_of(self.plan.objective, last)
        if not math.isfinite(score):
            return Told(
                trial=asked.trial,
                status="FAILED",
                message=f"The score is not finite: {score}",
            )
        logged = {k: v for k, v in last.items() if math.isfinite(v)}
        return Told(
            trial=asked.trial, status="COMPLETED", score=score, logged=logged
        )

    def _keep(self, trial: int) -> None:
        """Makes `best/` a copy of a trial, if it is none yet."""
        best = self.directory / _BEST
        if self.record.best == trial and best.exists():
            return
        source = self._folder(trial)
        if not RunDirectory(source).is_finished:
            self._say(f"{source}, the best trial, is gone: {best} is as it was")
            return
        self._check_best()
        # In this order: a copy that is not noted would be somebody else's.
        self._write(self.record.model_copy(update={"best": trial}))
        _copy(source, best)

    def _check_best(self) -> None:
        """Raises if `best/` is there and was not written by this search."""
        best = self.directory / _BEST
        if not best.exists():
            return
        marked = self.record.best
        configs = [_content(self._folder(k)) for k in self.record.told]
        is_gone = marked is not None and not self._folder(marked).exists()
        if marked is None or not (is_gone or _content(best) in configs):
            raise ValueError(
                f"{best} is not what this search wrote, and a better run is "
                "not put in its place: move it elsewhere."
            )

    def _folder(self, trial: int) -> Path:
        return self.directory / _TRIALS / f"trial-{trial:02d}"

    def _write(self, record: Record) -> None:
        record.write(self.file)
        self.record = record

    def _say(self, text: str) -> None:
        if self.verbose:
            print(text, flush=True)  # noqa: T201


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


def _check_directory(directory: Path, plan: Plan) -> None:
    """Raises unless the directory is free, or holds this search."""
    for name in (_TRIALS, _BEST, "figures"):
        if (directory / name).is_symlink():
            raise ValueError(
                f"{directory / name} is a link, and what a search writes stays "
                "in its directory: remove the link."
            )
    if not (directory / _FILE).exists():
        if directory.exists() and _visible(directory):
            raise ValueError(
                f"{directory} is not empty and holds no search: choose a new "
                "directory, so that nothing in it is overwritten."
            )
        return
    differences = Record.read(directory / _FILE).plan.differences(plan)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:10])
        raise ValueError(
            f"{directory} holds a search of other settings:\n{listed}\n"
            "Choose another directory, or the same settings to go on with "
            "that search."
        )


def _visible(folder: Path) -> bool:
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _copy(source: Path, target: Path) -> None:
    """Copies a run directory, whole or not at all."""
    size = sum(p.lstat().st_size for p in source.rglob("*"))
    with replacing(target, size) as path:
        shutil.copytree(
            source,
            path,
            symlinks=True,
            ignore=shutil.ignore_patterns(".*"),
        )


def _content(run: Path) -> str | None:
    """The text of a run's configuration; `None` if there is none."""
    config = RunDirectory(run).config
    return config.read_text(encoding="utf-8") if config.exists() else None


def _shown(values: Mapping[str, Any]) -> str:
    """The values of a trial in words."""
    chosen = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
        if "/" not in name
    ]
    return ", ".join(chosen) or "the recipe itself"
