"""Keras Tuner's oracles, made to survive kills."""

import threading
import time
from pathlib import Path
from typing import Any

import keras_tuner

from keras_qlae.runs.files import replacing
from keras_qlae.runs.files import write_json

_BEAT = 2.0  # seconds from one sign of life of a worker to the next


class Surviving:
    """What is mixed into an oracle of Keras Tuner.

    - The first trial may be a baseline with given values.
    - Files are whole or not there, and what a kill left between two of them
      is mended on reload: a finished trial is not run again, one that was
      running is.
    - A worker that gives no sign of life has its trial given to another, and
      workers with nothing to do wait until the last trial has ended.
    """

    baseline: dict[str, Any] | None = None
    folder: Path
    _seen: dict[str, tuple[float, float]]

    def populate_space(self: Any, trial_id: str) -> dict[str, Any]:
        if self.baseline is not None and not self.start_order:
            hps = self.get_space()
            hps.values = dict(self.baseline)
            for hp in hps.space:
                if hps.is_active(hp):
                    hps.values.setdefault(hp.name, hp.default)
            return {"status": "RUNNING", "values": hps.values}
        response: dict[str, Any] = super().populate_space(trial_id)  # type: ignore[misc]
        return response

    @keras_tuner.synchronized
    def create_trial(self: Any, tuner_id: str) -> Any:
        trial = super().create_trial(tuner_id)  # type: ignore[misc]
        if trial.status == "STOPPED" and self.ongoing_trials:
            # Its worker may die: then somebody must be there to run it.
            self.tuner_ids.add(tuner_id)
            trial.status = "IDLE"
        return trial

    @keras_tuner.synchronized
    def end_trial(self: Any, trial: Any) -> None:
        ongoing = [t.trial_id for t in self.ongoing_trials.values()]
        if trial.trial_id in ongoing:  # else it was given to another
            super().end_trial(trial)  # type: ignore[misc]

    @keras_tuner.synchronized
    def take_from_lost_workers(self: Any, patience: float) -> None:
        """Queues the trials of workers silent for `patience` seconds."""
        now = time.monotonic()
        known = set(self.ongoing_trials) | set(self.tuner_ids)
        for tuner_id in sorted(known):
            sign = _last_sign(self.folder, tuner_id)
            before, since = self._seen.get(tuner_id, (None, now))
            if sign != before:
                self._seen[tuner_id] = (sign, now)
            elif now - since > patience:
                self._seen.pop(tuner_id)
                self.tuner_ids.discard(tuner_id)
                trial = self.ongoing_trials.pop(tuner_id, None)
                if trial is not None:
                    print(  # noqa: T201
                        f"Worker {tuner_id} is lost; trial {trial.trial_id} "
                        "goes to another."
                    )
                    self._retry_queue.append(trial.trial_id)
                    self.save()

    def save(self: Any) -> None:
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self: Any, trial: Any) -> None:
        # Keras Tuner writes in place: a kill would leave half a file.
        folder = Path(self._get_trial_dir(trial.trial_id))
        with replacing(folder / "trial.json") as path:
            trial.save(str(path))

    def reload(self: Any) -> None:
        super().reload()  # type: ignore[misc]
        for trial_id, trial in sorted(self.trials.items()):
            queued = trial_id in self._retry_queue
            ended = trial_id in self.end_order
            if trial.status in ("COMPLETED", "FAILED"):
                if queued:
                    self._retry_queue.remove(trial_id)
                if not ended:
                    self.end_order.append(trial_id)
            elif not queued and not ended:
                self._retry_queue.append(trial_id)
            if trial_id not in self.start_order:
                self.start_order.append(trial_id)


def surviving(oracle_class: type, folder: Path, **kwargs: Any) -> Any:
    """An oracle of a class of Keras Tuner's that survives kills.

    Args:
        oracle_class: Of `keras_tuner.oracles`.
        folder: The project's folder.
        **kwargs: Of the oracle; `baseline`, the values of the first trial.
    """
    baseline = kwargs.pop("baseline", None)
    name = f"Surviving{oracle_class.__name__}"
    oracle = type(name, (Surviving, oracle_class), {})(**kwargs)
    oracle.baseline = baseline
    oracle.folder = folder
    oracle._seen = {}
    return oracle


def give_signs_of_life(folder: Path, tuner_id: str) -> None:
    """Touches a file of this worker for as long as the process lives."""
    path = folder / "alive" / tuner_id
    path.parent.mkdir(parents=True, exist_ok=True)
    _repeat(path.touch, _BEAT)


def watch(oracle: Any, patience: float) -> None:
    """Looks after the workers for as long as the process lives."""
    _repeat(lambda: oracle.take_from_lost_workers(patience), 1.0)


def _repeat(action: Any, seconds: float) -> None:
    def run() -> None:
        while True:
            action()
            time.sleep(seconds)

    threading.Thread(target=run, daemon=True, name=f"tuning {action}").start()


def _last_sign(folder: Path, tuner_id: str) -> float:
    try:
        return (folder / "alive" / tuner_id).stat().st_mtime
    except FileNotFoundError:
        return 0.0
