"""Shows the progress of a comparison."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from keras_qlae.callbacks.progress import duration
from keras_qlae.comparing.planned import Planned

_EVERY = 60.0  # seconds between lines if there is no bar


class Progress:
    """A bar of the runs on a terminal; elsewhere one line per minute."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        from tqdm import tqdm

        self._planned = planned
        self._start = time.monotonic()
        self._shown = self._start
        self._steps_before = self._steps(())
        self._bar: Any = tqdm(
            total=len(planned),
            initial=sum(run.is_finished for run in planned),
            bar_format="{n_fmt} of {total_fmt} runs |{bar}| {postfix}",
            disable=None,
            dynamic_ncols=True,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def line(self, text: str) -> None:
        """Prints a line above the bar."""
        self._bar.write(text, file=sys.stdout)
        sys.stdout.flush()

    def show(
        self, running: Sequence[Planned], failed: Sequence[Planned]
    ) -> None:
        """Shows the current runs, their progress and the time left."""
        now = time.monotonic()
        if now - self._shown < (_EVERY if self._bar.disable else 1.0):
            return
        self._shown = now
        finished = sum(run.is_finished for run in self._planned)
        text = ", ".join([*map(_state, running), *self._left(failed)])
        if self._bar.disable:
            self.line(f"{finished} of {len(self._planned)} runs; {text}")
        else:
            self._bar.n = finished
            self._bar.set_postfix_str(text)

    def _left(self, failed: Sequence[Planned]) -> list[str]:
        """The time left, if the steps so far allow an estimate."""
        done = self._steps(failed)
        total = sum(run.steps for run in self._planned)
        rate = (done - self._steps_before) / (time.monotonic() - self._start)
        if rate <= 0 or done == total:
            return []
        return [f"about {duration((total - done) / rate)} left"]

    def _steps(self, failed: Sequence[Planned]) -> int:
        """Number of steps that are done or will not be done."""
        gone = {run.directory for run in failed}
        return sum(
            run.steps if run.directory in gone else run.step
            for run in self._planned
        )


def _state(run: Planned) -> str:
    """What a run is doing now, in words."""
    step, steps = run.step, run.steps
    state = f"step {step} of {steps}" if step < steps else "scoring"
    return f"{run.contender.shown} on {run.dataset}, {run.seed}: {state}"
