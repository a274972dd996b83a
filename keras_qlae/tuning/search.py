"""Runs a search in a directory that survives a kill."""

import os
import shutil
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.files import write_text
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.reporting import finish
from keras_qlae.tuning import results
from keras_qlae.tuning.attempts import Attempt
from keras_qlae.tuning.attempts import StopIfOutdated
from keras_qlae.tuning.hypermodel import QLAEHyperModel
from keras_qlae.tuning.oracles import ERROR
from keras_qlae.tuning.oracles import FAILURE
from keras_qlae.tuning.oracles import surviving
from keras_qlae.tuning.workers import PatientClient
from keras_qlae.tuning.workers import give_signs_of_life
from keras_qlae.tuning.workers import wait_for_file
from keras_qlae.tuning.workers import watch

ALGORITHMS = ("random", "bayesian", "hyperband")
_PROJECT = "trials"
_TUNER = "tuner.json"  # in the project's folder, once the chief is ready


def search(
    hypermodel: QLAEHyperModel,
    directory: Path | str,
    algorithm: str = "random",
    max_trials: int = 12,
    seed: int = 0,
    baseline: bool = True,
    verbose: int = 1,
    patience: float = 60.0,
) -> list[dict[str, Any]]:
    """Searches, and leaves results, figures and the best model.

    The directory gets `results.csv`, `results.md`, `figures/` and `best/`, the
    best trial as a run directory; `trials/` is Keras Tuner's. Called again
    with the same settings after a kill it goes on: finished trials are not
    repeated, the one that was running is. With a higher `max_trials` it
    continues.

    With Keras Tuner's environment variables `KERASTUNER_TUNER_ID` (`chief`
    for one process), `KERASTUNER_ORACLE_IP` and `KERASTUNER_ORACLE_PORT` the
    same call is the chief or a worker of a search by several processes, which
    share the directory. Only the chief returns results.

    Args:
        hypermodel: What is searched.
        directory: Where it all goes.
        algorithm: `"random"`, `"bayesian"` or `"hyperband"`.
        max_trials: How many trials, the baseline among them; Hyperband
            decides itself.
        seed: Integer, of the search.
        baseline: Whether the first trial is the recipe itself without weight
            decay, if weight decay is searched.
        verbose: 0 for silence.
        patience: Seconds without a sign of life after which a worker's trial
            is given to another.

    Returns:
        The trials, best first; see `results.csv`. Empty on a worker.

    Raises:
        ValueError: An unknown algorithm, `max_trials` below 1, or a directory
            that holds a search of other settings.
        RuntimeError: Another process searches there; or three trials in a row
            failed, on all processes: results are written, and the same call
            goes on with the trials that are left.
        TimeoutError: On a worker, an hour without a chief.
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
    place = RunDirectory(directory)
    has_baseline = baseline and "weight_decay" in hypermodel.ranges
    config = {
        **hypermodel.describe(),
        "algorithm": algorithm,
        "search_seed": seed,
        "baseline": has_baseline,
    }
    tuner_id = os.environ.get("KERASTUNER_TUNER_ID", "")
    is_worker = bool(tuner_id) and "chief" not in tuner_id
    place.check(config)
    folder = place.path / _PROJECT
    if is_worker:  # two that make the same files at once would collide
        wait_for_file(folder / _TUNER)
        place.check(config)
    with nullcontext() if is_worker else place.locked():
        if not is_worker:
            place.claim(config)
        failure = folder / FAILURE
        oracle = _oracle(
            hypermodel,
            folder,
            algorithm,
            max_trials,
            seed,
            baseline=hypermodel.baseline if has_baseline else None,
            has_workers=bool(tuner_id),
        )
        tuner = _tuner(oracle, hypermodel, folder)
        if is_worker:
            tuner.oracle = PatientClient(tuner.oracle)
            give_signs_of_life(folder, tuner_id)
        else:
            failure.unlink(missing_ok=True)
            tuner.save()  # so that a kill in the first trial is mended too
        if tuner_id and not is_worker:
            watch(oracle, patience)
        tuner.search(verbose=verbose, epochs=hypermodel.epochs)
        rows = []
        if not is_worker:
            rows = results.rows(oracle, hypermodel)
            results.write(place.path, rows, hypermodel)
            _save_best(place.path, rows, folder, hypermodel)
        if failure.exists():
            raise RuntimeError(failure.read_text(encoding="utf-8"))
    return rows


class _Trials:
    """What is mixed into a tuner: trials that are run directories."""

    is_idle = False
    attempt: Attempt | None = None

    def pre_create_trial(self: Any) -> None:
        if self.is_idle:
            time.sleep(1.0)  # the next trial depends on one that runs
        self.is_idle = True

    def run_trial(self: Any, trial: Any, **kwargs: Any) -> dict[str, float]:
        self.is_idle = False
        self.attempt = None
        hp = trial.hyperparameters
        self.attempt = Attempt(Path(self.get_trial_dir(trial.trial_id)))
        self.hypermodel.trial_directory = self.attempt.path
        keras.utils.clear_session()
        logs: dict[str, float] = self.hypermodel.fit(
            hp,
            self.model_of(hp),
            callbacks=[StopIfOutdated(self.attempt)],
            **(kwargs | self.epochs_of(hp)),
        )
        self.attempt.publish()
        return logs

    def on_trial_end(self: Any, trial: Any) -> None:
        if self.attempt and not self.attempt.is_current:
            print(f"Trial {trial.trial_id} is another worker's now.")  # noqa: T201
            return
        if trial.status != "COMPLETED":
            # On the disk too: the chief is sent the status alone.
            print(trial.message, file=sys.stderr)  # noqa: T201
            folder = Path(self.get_trial_dir(trial.trial_id))
            write_text(folder / ERROR, trial.message)
        super().on_trial_end(trial)  # type: ignore[misc]

    def model_of(self: Any, hp: Any) -> Any:
        """The model that a trial starts from."""
        earlier = hp.values.get("tuner/trial_id")
        if earlier is None:
            return self.hypermodel.build(hp)
        # Hyperband goes on with a model of its round before.
        run = RunDirectory(Path(self.get_trial_dir(earlier), "run"))
        return keras.saving.load_model(run.model)

    def epochs_of(self, hp: Any) -> dict[str, int]:
        """Which epochs a trial of Hyperband trains."""
        if "tuner/epochs" not in hp.values:
            return {}
        return {
            "epochs": hp.values["tuner/epochs"],
            "initial_epoch": hp.values["tuner/initial_epoch"],
        }

    def save(self: Any) -> None:
        # Whole or not at all; and workers have nothing to keep.
        if not self._is_worker():
            self.oracle.save()
            write_json(Path(self._get_tuner_fname()), self.get_state())

    def _get_tuner_fname(self: Any) -> str:
        # One name, so that a search goes on with workers or without.
        return str(Path(self.project_dir, _TUNER))


def _oracle(
    hypermodel: QLAEHyperModel,
    folder: Path,
    algorithm: str,
    max_trials: int,
    seed: int,
    **kwargs: Any,
) -> Any:
    oracles = {
        "random": keras_tuner.oracles.RandomSearchOracle,
        "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
        "hyperband": keras_tuner.oracles.HyperbandOracle,
    }
    settings: dict[str, Any] = (
        {"max_epochs": hypermodel.epochs}
        if algorithm == "hyperband"
        else {"max_trials": max_trials}
    )
    return surviving(
        oracles[algorithm],
        folder,
        objective=hypermodel.objective,
        seed=seed + 1,  # Keras Tuner takes 0 for none
        **settings,
        **kwargs,
    )


def _tuner(oracle: Any, hypermodel: QLAEHyperModel, folder: Path) -> Any:
    # Hyperband's own tuner adds what `model_of` and `epochs_of` do.
    tuner_class = type("QLAETuner", (_Trials, keras_tuner.Tuner), {})
    return tuner_class(
        oracle,
        hypermodel,
        directory=str(folder.parent.absolute()),
        project_name=folder.name,
    )


def _save_best(
    directory: Path,
    rows: list[dict[str, Any]],
    folder: Path,
    hypermodel: QLAEHyperModel,
) -> None:
    """Copies the best trial's run and writes its scores and figures."""
    best = next((row for row in rows if row["status"] == "COMPLETED"), None)
    if best is None:
        return
    with replacing(directory / "best") as path:
        shutil.copytree(folder / f"trial_{best['trial']}" / "run", path)
        run = RunDirectory(path)
        finish(run, keras.saving.load_model(run.model), hypermodel.held_out)
