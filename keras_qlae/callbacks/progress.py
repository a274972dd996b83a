"""How far a training run is, and how good."""

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
    "val_infom": ("InfoM", ".3f"),
    "val_infoe": ("InfoE", ".3f"),
    "val_infoc": ("InfoC", ".3f"),
    "val_active_latents": ("active", ".0f"),
}
_LOSSES = ("loss", "critic_loss", "latent_loss")
_SCORES = ("val_infom", "val_infoe", "val_infoc")


class Progress(keras.callbacks.Callback):
    """A bar for the whole run with the time left, and a line an epoch.

    Keras' own bar starts anew every epoch and, with an autoencoder's many
    losses, is wider than a terminal. Use it with `fit(verbose=0)`, after the
    callbacks whose scores it shall show (`val_psnr`, `val_infom`, ...). The
    bar goes to standard error and only to a terminal, the lines to standard
    output.

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
        self._epoch_start = start_step
        self._scores = ""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=self.total_steps,
            initial=self.step,
            unit="step",
            dynamic_ncols=True,
            disable=None if self.bar else True,
        )

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._epoch_start = self.step

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        # Not counted one by one: `steps_per_execution` leaves calls out.
        self.step = self._epoch_start + batch + 1
        self._bar.update(self.step - self._bar.n)
        if batch % 20 == 0 and not self._bar.disable:
            shown = [*_titled(logs, _LOSSES), self._scores]
            self._bar.set_postfix_str(" ".join(shown).rstrip(), refresh=False)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._scores = " ".join(_titled(logs, _SCORES))
        scores = "  ".join(_titled(logs, _SHOWN))
        self._bar.write(f"epoch {epoch + 1}  step {self.step}  {scores}")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the bar, also where `fit` was broken off."""
        if self._bar is not None:
            self._bar.close()


def _titled(logs: dict[str, Any] | None, names: Iterable[str]) -> Iterator[str]:
    """Title and value of each of the names that was logged."""
    for name in names:
        if logs and name in logs:
            title, form = _SHOWN[name]
            yield f"{title} {float(logs[name]):{form}}"
