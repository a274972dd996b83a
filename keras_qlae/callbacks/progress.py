"""Shows the progress, the time left and the scores of a training run."""

import time
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras

_SHOWN = {
    "loss": ("loss", ".4f"),
    "critic_loss": ("critic", ".3f"),
    "generator_loss": ("generator", ".3f"),
    "latent_loss": ("latent", ".4f"),
    "val_psnr": ("PSNR", ".2f"),
    "val_reconstruction_r2": ("R2", ".3f"),
    "val_infom": ("InfoM", ".3f"),
    "val_infoe": ("InfoE", ".3f"),
    "val_infoc": ("InfoC", ".3f"),
    "val_active_latents": ("active", ".0f"),
}
_LOSSES = ("loss", "critic_loss", "latent_loss")
_SCORES = ("val_infom", "val_infoe", "val_infoc")
_FIRST = 5  # first steps, not measured: they compile and fill queues
_MEASURED = 20  # least number of steps to measure
_SECONDS = 2.0  # least time for which steps are measured
_WORTH = 30.0  # seconds left above which a line is printed


class Progress(keras.callbacks.Callback):
    """A bar for the whole run with the time left, and one line per epoch.

    Keras' own bar starts again every epoch and, with the many losses of an
    autoencoder, is wider than a terminal. Use this with `fit(verbose=0)`,
    after the callbacks whose scores it should show (`val_psnr`, `val_infom`,
    ...). The bar is written to standard error if that is a terminal, the
    lines to standard output. Soon after the start a line shows how long the
    steps will take; after each epoch the time left includes scoring.

    Args:
        total_steps: Steps of the whole run.
        start_step: Steps done before this `fit`.
        bar: Whether to show the bar. Defaults to `True`.
    """

    def __init__(
        self,
        total_steps: int,
        start_step: int = 0,
        bar: bool = True,
    ) -> None:
        super().__init__()
        self.total_steps = total_steps
        self.step = start_step
        self.bar = bar
        self._bar: Any = None
        self._start_step = start_step
        self._epoch_start = start_step
        self._scores = ""
        self._start = 0.0
        self._measured: tuple[int, float] | None = None  # step and time
        self._is_told = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=self.total_steps,
            initial=self.step,
            unit="step",
            dynamic_ncols=True,
            disable=None if self.bar else True,
        )
        self._start = time.perf_counter()

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._epoch_start = self.step
        self._measured = None  # do not measure the scoring between epochs

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        # Not counted one by one: `steps_per_execution` leaves calls out.
        self.step = self._epoch_start + batch + 1
        self._bar.update(self.step - self._bar.n)
        if not self._is_told:
            self._estimate()
        if batch % 20 == 0 and not self._bar.disable:
            shown = [*_titled(logs, _LOSSES), self._scores]
            self._bar.set_postfix_str(" ".join(shown).rstrip(), refresh=False)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._scores = " ".join(_titled(logs, _SCORES))
        parts = [f"epoch {epoch + 1}", f"step {self.step}"]
        parts += _titled(logs, _SHOWN)
        done, left = self.step - self._start_step, self.total_steps - self.step
        seconds = left * (time.perf_counter() - self._start) / max(done, 1)
        if seconds > _WORTH:
            parts.append(f"about {duration(seconds)} left")
        self._bar.write("  ".join(parts))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.close()

    def _estimate(self) -> None:
        """Prints how long it will take, once enough steps were measured."""
        done, now = self.step - self._start_step, time.perf_counter()
        if self._measured is None:
            if done >= _FIRST:
                self._measured = self.step, now
            return
        steps, seconds = self.step - self._measured[0], now - self._measured[1]
        if steps < _MEASURED or seconds < _SECONDS:
            return
        self._is_told = True
        left = (self.total_steps - self.step) * seconds / steps
        if left > _WORTH:
            self._bar.write(
                f"about {duration(left)} for {self.total_steps - self.step:,} "
                f"steps, {1000 * seconds / steps:.0f} ms each, plus the "
                "scoring of each epoch"
            )

    def close(self) -> None:
        """Ends the bar, even if `fit` was interrupted."""
        if self._bar is not None:
            self._bar.close()


def duration(seconds: float) -> str:
    """Seconds, minutes, or hours and minutes, rounded up."""
    if seconds < 50:
        return f"{10 * (int(seconds // 10) + 1)} s"
    minutes = int(seconds // 60) + 1
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _titled(logs: dict[str, Any] | None, names: Iterable[str]) -> Iterator[str]:
    """Title and value of each name that was logged."""
    for name in names:
        if logs and name in logs:
            title, form = _SHOWN[name]
            yield f"{title} {float(logs[name]):{form}}"
