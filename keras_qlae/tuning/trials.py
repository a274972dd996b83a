"""Starts the trials of a search, and records how they end."""

import math
import shutil
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from keras_qlae.callbacks.trackers import IDS
from keras_qlae.datasets import FactorDataset
from keras_qlae.files import replacing
from keras_qlae.recipes import Recipe
from keras_qlae.recipes import SettingError
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.execution import UNUSABLE
from keras_qlae.runs.execution import Jobs
from keras_qlae.runs.execution import Outcome
from keras_qlae.runs.execution import Task
from keras_qlae.tuning import objective as objectives
from keras_qlae.tuning import results
from keras_qlae.tuning import space
from keras_qlae.tuning.here import Here
from keras_qlae.tuning.oracle import Oracle
from keras_qlae.tuning.record import CONTINUED
from keras_qlae.tuning.record import EPOCHS
from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.record import Told

FILE = "search.json"
TRIALS = "trials"
BEST = "best"

_MOST_FAILURES = 3  # failures in a row before a search stops


class Trials:
    """Asks the oracle for trials, runs them, and records what happens."""

    def __init__(
        self,
        recipe: Recipe,
        directory: Path,
        plan: Plan,
        make_oracle: Callable[[], Oracle],
        jobs: Jobs | Here,
        verbose: int,
        callbacks: Sequence[str] = (),
    ) -> None:
        self.recipe = recipe
        self.directory = directory
        self.plan = plan
        self.make_oracle = make_oracle
        self.oracle: Oracle | None = None  # made when it is first needed
        self.jobs = jobs
        self.verbose = verbose
        self.callbacks = callbacks
        self.file = directory / FILE
        self.record = Record(plan=plan)
        if self.file.exists():
            self.record = Record.read(self.file)
        self.resumed: set[int] = set()  # trials that had a directory

    def do_all(
        self, max_trials: int, data: FactorDataset
    ) -> list[dict[str, Any]]:
        """Runs the search; returns the rows when it is finished."""
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
                f"{what}. The same command continues with the remaining "
                f"trials. The last one that failed reported:\n{last}"
            )
        return rows

    def _do_trials(self, max_trials: int) -> int:
        """Runs the trials; returns how many failed in a row at the end."""
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
                self._say(f"{self._name(asked)}: {self._shown(asked)}")
                log = self._folder(asked.trial).with_suffix(".log")
                running[self.jobs.begin(task, log)] = asked
            if not running:
                return failures
            for future, outcome in self.jobs.ended():
                asked = running.pop(future)
                if outcome.code == UNUSABLE and asked.trial in self.resumed:
                    # Files left by a kill or a person may be the reason.
                    self.resumed.remove(asked.trial)
                    _put_aside(self._folder(asked.trial))
                    waiting.append(asked)
                else:
                    failures = self._tell(asked, outcome, failures)

    def _ask(self, max_trials: int) -> Asked | None:
        """The next trial; `None` if there is none now."""
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
        """The oracle, with all that has happened so far."""
        if self.oracle is None:
            self.oracle = self.make_oracle()
            self.oracle.replay(self.record)
        return self.oracle

    def _task(self, asked: Asked) -> Task:
        """Makes the task of a trial, and prepares its directory."""
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
            folder,
            recipe,
            config.dataset,
            config.seed,
            config.precision,
            callbacks=self.callbacks,
        )

    def _tell(self, asked: Asked, outcome: Outcome, failures: int) -> int:
        """Records how a trial ended; returns the failures in a row."""
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
        """Returns how a trial ended; raises if it was ended from outside."""
        folder = self._folder(asked.trial)
        if outcome.code == UNUSABLE:
            message = outcome.last_lines[-1] if outcome.last_lines else ""
            return Told(trial=asked.trial, status="FAILED", message=message)
        if outcome.code:
            lines = "".join(f"\n    {line}" for line in outcome.last_lines)
            raise RuntimeError(
                f"Trial {asked.trial} was ended from outside ({outcome.how}). "
                "The same command resumes it. "
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
        """Makes `best/` a copy of a trial, unless it already is."""
        best = self.directory / BEST
        if self.record.best == trial and best.exists():
            return
        source = self._folder(trial)
        if not RunDirectory(source).is_finished:
            self._say(f"{source}, the best trial, is gone: {best} is unchanged")
            return
        self._check_best()
        # In this order: a copy that is not recorded would look foreign.
        self._write(self.record.model_copy(update={"best": trial}))
        _copy(source, best)

    def _check_best(self) -> None:
        """Raises if `best/` exists and was not written by this search."""
        best = self.directory / BEST
        if not best.exists():
            return
        marked = self.record.best
        configs = [_content(self._folder(k)) for k in self.record.told]
        is_gone = marked is not None and not self._folder(marked).exists()
        if marked is None or not (is_gone or _content(best) in configs):
            raise ValueError(
                f"{best} was not written by this search, and is not replaced "
                "by a better run: move it elsewhere."
            )
        own = {
            name for k in self.record.told for name in _names(self._folder(k))
        }
        foreign = sorted(_names(best) - own)
        if foreign:
            raise ValueError(
                f"{best} has files that this search did not write, and is not "
                "replaced by a better run: move it elsewhere. Received: "
                f"{len(foreign)} files, the first is {foreign[0]}"
            )

    def _name(self, asked: Asked) -> str:
        is_baseline = self.plan.baseline and asked.trial == 0
        return f"Trial {asked.trial}{' (baseline)' if is_baseline else ''}"

    def _shown(self, asked: Asked) -> str:
        """The searched settings of a trial; a baseline has the recipe's."""
        values = {n: self.recipe.value(n) for n in self.plan.ranges}
        values |= {n: v for n, v in asked.values.items() if "/" not in n}
        return ", ".join(
            f"{name} {value:.4g}"
            if isinstance(value, float)
            else f"{name} {'by default' if value is None else value}"
            for name, value in values.items()
        )

    def _folder(self, trial: int) -> Path:
        return self.directory / TRIALS / f"trial-{trial:02d}"

    def _write(self, record: Record) -> None:
        record.write(self.file)
        self.record = record

    def _say(self, text: str) -> None:
        if self.verbose:
            print(text, flush=True)  # noqa: T201


def _copy(source: Path, target: Path) -> None:
    """Copies a run directory, completely or not at all."""
    size = sum(p.lstat().st_size for p in source.rglob("*"))
    with replacing(target, size) as path:
        shutil.copytree(
            source,
            path,
            symlinks=True,
            # A copy is another run: it must not resume the other's tracker.
            ignore=shutil.ignore_patterns(".*", IDS),
        )


def _content(run: Path) -> str | None:
    """The text of a run's configuration; `None` if it has none."""
    config = RunDirectory(run).config
    return config.read_text(encoding="utf-8") if config.exists() else None


def _names(folder: Path) -> set[str]:
    """The files in a folder and below, relative to it."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def _put_aside(folder: Path) -> None:
    """Renames a folder instead of deleting it: somebody may need its files."""
    number = 1
    while (aside := folder.with_name(f"{folder.name}-aside-{number}")).exists():
        number += 1
    folder.rename(aside)
