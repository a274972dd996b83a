"""Trains the runs of a study, and writes its tables."""

from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from keras_qlae.comparing import results
from keras_qlae.comparing.planned import Planned
from keras_qlae.comparing.planned import runs_of
from keras_qlae.comparing.progress import Progress
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.summary import METRICS
from keras_qlae.files import locked
from keras_qlae.runs import data as run_data
from keras_qlae.runs import tracking
from keras_qlae.runs.execution import Jobs
from keras_qlae.runs.execution import Outcome

_PAUSE = 0.2  # seconds between checks of the runs


def compare(
    study: Study,
    directory: Path | str,
    executor: Executor | None = None,
    jobs: int = 1,
    precision: str = "float32",
    callbacks: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Trains and scores every run of a study, and writes its tables.

    It writes into the directory:

    - the run directories, `<data set>/<model>/seed-<seed>`, and beside each a
      file with what the run printed;
    - `results.csv`, one line per run;
    - `table.md`, `table.csv` and `table.tex`, means with 95 % confidence
      intervals over seeds;
    - `comparison.png`;
    - `report.html`, all of this in a browser, with the traversals of any two
      runs side by side.

    The tables are updated whenever a run ends. Each run is a separate
    process. If this is called again after a kill, finished runs are skipped,
    others resume from their last checkpoint, and failed ones are tried again.
    A run that fails does not stop the others.

    Args:
        study: What is compared.
        directory: The directory. With an executor on other machines, it must
            be on a disk that all of them share.
        executor: What runs `runs.execution.execute_apart`. Defaults to this
            machine, with the cores divided among the runs.
        jobs: Runs at a time.
        precision: Keras dtype policy of every run.
        callbacks: Names of callbacks of every run, as in `runs.train`.

    Returns:
        The rows of `results.csv`.

    Raises:
        ValueError: `jobs` is below 1, or a run directory has a run with other
            settings. Raised before any run starts.
        FileNotFoundError: A data set must be prepared first.
        RuntimeError: Another process is using the directory.
        OSError: The directory cannot be written.
        ImportError: The library of a tracker is not installed.
    """
    tracking.check(callbacks, only_names=True)
    directory = Path(directory)
    with Jobs(jobs, executor) as pool:
        planned = runs_of(study, directory, precision, callbacks)
        check_all(planned)
        with locked(
            directory,
            f"Another process is using {directory}: wait for it, or choose "
            "another directory.",
        ):
            comparison = _Comparison(study, directory, planned, pool)
            comparison.do_all()
            return comparison.write()


def check_all(planned: Sequence[Planned]) -> None:
    """Raises if runs cannot start: checks directories, data sets, supports."""
    for each in planned:
        each.check()
        run_data.check_num_latents(each.dataset, each.recipe)
    sizes = {(p.dataset, p.recipe.training.image_size) for p in planned}
    loaded = {key: run_data.load(*key) for key in sorted(sizes)}
    supports = {
        (p.dataset, p.recipe.training.image_size, p.recipe.training.support)
        for p in planned
    }
    for dataset, image_size, support in sorted(supports):
        run_data.check_support(loaded[dataset, image_size], support)


class _Comparison:
    """Starts the runs and waits for them."""

    def __init__(
        self,
        study: Study,
        directory: Path,
        planned: Sequence[Planned],
        jobs: Jobs,
    ) -> None:
        self.study = study
        self.directory = directory
        self.planned = planned
        self.jobs = jobs
        self.waiting = [each for each in planned if not each.is_finished]
        self.running: dict[Future[Outcome], Planned] = {}
        self.failed: list[Planned] = []

    def do_all(self) -> None:
        """Returns when every run has finished or failed."""
        with Progress(self.planned) as progress:
            while self.waiting or self.running:
                self._begin_ready(progress)
                for future, outcome in self.jobs.ended(_PAUSE):
                    run = self.running.pop(future)
                    self._collect(run, outcome, progress)
                progress.show(list(self.running.values()), self.failed)

    def write(self) -> list[dict[str, Any]]:
        """Writes the tables of the results so far."""
        failed = {each.directory for each in self.failed}
        rows = results.rows_of(self.planned, failed)
        results.write(self.directory, self.study, self.planned, rows)
        return rows

    def _begin_ready(self, progress: Progress) -> None:
        failed = {each.directory for each in self.failed}
        for each in list(self.waiting):
            if each.source in failed:
                self.waiting.remove(each)
                self.failed.append(each)
                progress.line(f"FAILED {each.name}: the run it rotates failed")
                self.write()
            elif self.jobs.is_free and self._is_ready(each):
                self.waiting.remove(each)
                self.running[self.jobs.begin(each.task, each.log)] = each
                progress.line(
                    f"started {each.name}; its output is in {each.log}"
                )

    def _is_ready(self, run: Planned) -> bool:
        """Whether the run that it rotates, if any, is trained."""
        left = (*self.waiting, *self.running.values())
        return run.source == run.directory or all(
            other.directory != run.source for other in left
        )

    def _collect(
        self, run: Planned, outcome: Outcome, progress: Progress
    ) -> None:
        if outcome.code or not run.is_finished:
            self.failed.append(run)
            progress.line(failure(run, outcome))
        rows = self.write()
        if run not in self.failed:
            progress.line(_success(run, rows[self.planned.index(run)]))


def _success(run: Planned, row: dict[str, Any]) -> str:
    scores = "  ".join(
        f"{metric.title} {row[name]:.{metric.digits}f}"
        for name, metric in METRICS.items()
        if row.get(name) is not None
    )
    return f"{row['status']} {run.name}: {scores}"


def failure(run: Planned, outcome: Outcome) -> str:
    """Describes how a run failed, with the last lines that it printed."""
    tail = "".join(f"\n    {line}" for line in outcome.last_lines)
    return f"FAILED {run.name} ({outcome.how}); {run.log} ends with:{tail}"
