"""How far a comparison is."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from keras_qlae.comparing.task import Task

_EVERY = 60.0  # seconds from one line to the next where there is no bar


class Progress:
    """A bar of the runs on a terminal; elsewhere a line now and then.

    Args:
        tasks: All runs of the study.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        from tqdm import tqdm

        self._tasks = tasks
        self._start = time.monotonic()
        self._shown = self._start
        self._steps_before = self._steps(())
        self._bar: Any = tqdm(
            total=len(tasks),
            initial=sum(task.is_finished for task in tasks),
            bar_format="{n_fmt} of {total_fmt} runs |{bar}| {postfix}",
            disable=None,
            dynamic_ncols=True,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def line(self, text: str) -> None:
        """Shows a line that stays."""
        self._bar.write(text, file=sys.stdout)
        sys.stdout.flush()

    def show(self, running: Sequence[Task], failed: Sequence[Task]) -> None:
        """Shows which runs are going on, how far, and the time left."""
        now = time.monotonic()
        if now - self._shown < (_EVERY if self._bar.disable else 1.0):
            return
        self._shown = now
        finished = sum(task.is_finished for task in self._tasks)
        text = ", ".join([*map(_state, running), *self._left(failed)])
        if self._bar.disable:
            self.line(f"{finished} of {len(self._tasks)} runs; {text}")
        else:
            self._bar.n = finished
            self._bar.set_postfix_str(text)

    def _left(self, failed: Sequence[Task]) -> list[str]:
        """The time left, if it can be told from the steps so far."""
        done = self._steps(failed)
        total = sum(task.recipe.steps for task in self._tasks)
        rate = (done - self._steps_before) / (time.monotonic() - self._start)
        if rate <= 0 or done == total:
            return []
        return [f"about {duration((total - done) / rate)} left"]

    def _steps(self, failed: Sequence[Task]) -> int:
        """Steps that need not be trained any more."""
        gone = {task.directory for task in failed}
        return sum(
            task.recipe.steps if task.directory in gone else task.step
            for task in self._tasks
        )


def _state(task: Task) -> str:
    """What a run is doing."""
    step, steps = task.step, task.recipe.steps
    state = f"step {step} of {steps}" if step < steps else "scoring"
    return f"{task.contender.shown} on {task.dataset}, {task.seed}: {state}"


def duration(seconds: float) -> str:
    """Minutes, or hours and minutes, rounded up."""
    minutes = int(seconds // 60) + 1
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
