"""Keras Tuner's oracles, made to survive kills and errors."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner

from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.files import write_text
from keras_qlae.tuning.workers import last_sign

FAILURE = "failure.txt"  # in the project's folder: why the search was stopped
ERROR = "error.txt"  # in a trial's folder: why it failed


class Surviving:
    """What is mixed into an oracle of Keras Tuner.

    - The first trial may be a baseline with given values.
    - Files are whole or not there, and what a kill left between two of them
      is mended on reload: a finished trial is not run again, one that was
      running is. A chief that is started again leaves the trials of its
      workers with them.
    - A worker that gives no sign of life has its trial given to another, and
      workers with nothing to do wait until the last trial has ended.
    - After too many failed trials in a row all workers are sent home.
    - An error leaves nothing locked.
    """

    baseline: dict[str, Any] | None = None
    folder: Path
    has_workers: bool
    failure = ""
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

    def create_trial(self: Any, tuner_id: str) -> Any:
        return self._locked(self._create_trial, tuner_id)

    def update_trial(
        self: Any, trial_id: str, metrics: Any, step: int = 0
    ) -> Any:
        update = super().update_trial  # type: ignore[misc]
        return self._locked(update, trial_id, metrics, step)

    def end_trial(self: Any, trial: Any) -> None:
        self._locked(self._end_trial, trial)

    def take_from_lost_workers(self: Any, patience: float) -> None:
        """Queues the trials of workers silent for `patience` seconds."""
        self._locked(self._take_from_lost_workers, patience)

    def save(self: Any) -> None:
        write_json(Path(self._get_oracle_fname()), self.get_state())

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
        if self.has_workers:
            self._leave_trials_with_workers()

    def _leave_trials_with_workers(self: Any) -> None:
        # They may be alive; if not, they will be found lost.
        state = read_json(Path(self._get_oracle_fname()))
        for tuner_id, trial_id in state["ongoing_trials"].items():
            if trial_id in self._retry_queue:
                self._retry_queue.remove(trial_id)
                self.ongoing_trials[tuner_id] = self.trials[trial_id]

    def _create_trial(self: Any, tuner_id: str) -> Any:
        if self.failure:
            self.tuner_ids.discard(tuner_id)
            return keras_tuner.engine.trial.Trial(
                self.get_space(), status="STOPPED"
            )
        trial = super().create_trial(tuner_id)  # type: ignore[misc]
        if trial.status == "STOPPED" and self.ongoing_trials:
            # Its worker may die: then somebody must be there to run it.
            self.tuner_ids.add(tuner_id)
            trial.status = "IDLE"
        return trial

    def _end_trial(self: Any, trial: Any) -> None:
        ongoing = [t.trial_id for t in self.ongoing_trials.values()]
        if trial.trial_id in self._retry_queue:  # it was only silent
            self._retry_queue.remove(trial.trial_id)
        elif trial.trial_id not in ongoing:  # another has ended it
            return
        super().end_trial(trial)  # type: ignore[misc]

    def _take_from_lost_workers(self: Any, patience: float) -> None:
        now = time.monotonic()
        known = set(self.ongoing_trials) | set(self.tuner_ids)
        for tuner_id in sorted(known):
            sign = last_sign(self.folder, tuner_id)
            before, since = self._seen.get(tuner_id, (None, now))
            if sign != before:
                self._seen[tuner_id] = (sign, now)
            elif now - since > patience:
                self._seen.pop(tuner_id)
                self.tuner_ids.discard(tuner_id)
                trial = self.ongoing_trials.pop(tuner_id, None)
                if trial is not None and trial.trial_id not in self.end_order:
                    print(  # noqa: T201
                        f"Worker {tuner_id} is lost; trial {trial.trial_id} "
                        "goes to another."
                    )
                    self._retry_queue.append(trial.trial_id)
                    self.save()

    def _check_consecutive_failures(self: Any) -> None:
        # Keras Tuner raises here, which no worker but one would hear of.
        number = self.max_consecutive_failed_trials
        last = self.end_order[-number:]
        failed = [i for i in last if self.trials[i].status == "FAILED"]
        if len(failed) == number:
            error = Path(self._get_trial_dir(last[-1])) / ERROR
            reason = error.read_text() if error.exists() else "unknown"
            self.failure = (
                f"The search was stopped: {number} trials in a row failed "
                f"({', '.join(last)}). When the cause is mended, the same "
                "command goes on with the trials that are left. The last one "
                f"said:\n{reason.strip()[-2000:]}"
            )
            write_text(self.folder / FAILURE, self.failure)

    def _save_trial(self: Any, trial: Any) -> None:
        # Keras Tuner writes in place: a kill would leave half a file.
        folder = Path(self._get_trial_dir(trial.trial_id))
        with replacing(folder / "trial.json") as path:
            trial.save(str(path))

    def _locked(self, action: Callable[..., Any], *args: Any) -> Any:
        """Calls with the oracle locked, and unlocks it after an error too."""
        result, error = self._outcome(action, *args)
        if error is not None:
            raise error
        return result

    @keras_tuner.synchronized
    def _outcome(self, action: Callable[..., Any], *args: Any) -> Any:
        # An error that passed `synchronized` would leave it locked for good.
        try:
            return action(*args), None
        except Exception as error:  # noqa: BLE001
            return None, error


def surviving(
    oracle_class: type, folder: Path, has_workers: bool = False, **kwargs: Any
) -> Any:
    """An oracle of a class of Keras Tuner's that survives kills.

    Args:
        oracle_class: Of `keras_tuner.oracles`.
        folder: The project's folder.
        has_workers: Whether other processes run the trials.
        **kwargs: Of the oracle; `baseline`, the values of the first trial.
    """
    baseline = kwargs.pop("baseline", None)
    name = f"Surviving{oracle_class.__name__}"
    oracle = type(name, (Surviving, oracle_class), {})(**kwargs)
    oracle.baseline = baseline
    oracle.folder = folder
    oracle.has_workers = has_workers
    oracle._seen = {}
    return oracle
