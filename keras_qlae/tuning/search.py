"""Runs a search in a directory that survives a kill."""

import os
import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.files import replacing
from keras_qlae.runs.reporting import finish
from keras_qlae.tuning import results
from keras_qlae.tuning.hypermodel import QLAEHyperModel
from keras_qlae.tuning.oracles import give_signs_of_life
from keras_qlae.tuning.oracles import surviving
from keras_qlae.tuning.oracles import watch

ALGORITHMS = ("random", "bayesian", "hyperband")
_PROJECT = "trials"


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
        baseline: Whether the first trial is one without weight decay, if
            weight decay is searched.
        verbose: 0 for silence.
        patience: Seconds without a sign of life after which a worker's trial
            is given to another.

    Returns:
        The trials, best first; see `results.csv`. Empty on a worker.

    Raises:
        ValueError: An unknown algorithm, `max_trials` below 1, or a directory
            that holds a search of other settings.
        RuntimeError: Another process searches there, or three trials in a row
            failed.
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
    with nullcontext() if is_worker else place.locked():
        place.claim(config)
        folder = place.path / _PROJECT
        tuner = _tuner(hypermodel, folder, algorithm, max_trials, seed)
        if has_baseline:
            tuner.set_baseline({"decay": "none"})
        if is_worker:
            give_signs_of_life(folder, tuner_id)
        elif tuner_id:
            watch(tuner.oracle, patience)
        if not is_worker:
            tuner.save()  # so that a kill in the first trial is mended too
        tuner.search(verbose=verbose, epochs=hypermodel.epochs)
        if is_worker:
            return []
        rows = results.rows(tuner.oracle, hypermodel)
        results.write(place.path, rows, hypermodel)
        _save_best(place.path, rows, folder, hypermodel)
    return rows


class _Trials:
    """What is mixed into a tuner: trials that are run directories."""

    def set_baseline(self: Any, values: dict[str, Any]) -> None:
        if hasattr(self.oracle, "start_order"):  # not on a worker
            self.oracle.baseline = values

    def pre_create_trial(self: Any) -> None:
        if self.is_idle:
            time.sleep(1.0)  # the next trial depends on one that runs
        self.is_idle = True

    def on_trial_begin(self: Any, trial: Any) -> None:
        self.is_idle = False
        super().on_trial_begin(trial)  # type: ignore[misc]

    def on_trial_end(self: Any, trial: Any) -> None:
        super().on_trial_end(trial)  # type: ignore[misc]
        self.is_idle = False

    def run_trial(self: Any, trial: Any, *args: Any, **kwargs: Any) -> Any:
        folder = Path(self.get_trial_dir(trial.trial_id))
        self.hypermodel.trial_directory = folder
        return super().run_trial(trial, *args, **kwargs)  # type: ignore[misc]


def _tuner(
    hypermodel: QLAEHyperModel,
    folder: Path,
    algorithm: str,
    max_trials: int,
    seed: int,
) -> Any:
    oracles = {
        "random": keras_tuner.oracles.RandomSearchOracle,
        "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
        "hyperband": keras_tuner.oracles.HyperbandOracle,
    }
    settings = (
        {"max_epochs": hypermodel.epochs}
        if algorithm == "hyperband"
        else {"max_trials": max_trials}
    )
    oracle = surviving(
        oracles[algorithm],
        folder,
        objective=hypermodel.objective,
        seed=seed + 1,  # Keras Tuner takes 0 for none
        **settings,
    )
    # Of the tuners only Hyperband's does more than its oracle.
    base = keras_tuner.Tuner
    if algorithm == "hyperband":
        base = type("_Hyperband", (_HyperbandTrials, keras_tuner.Tuner), {})
    tuner_class = type("QLAETuner", (_Trials, base), {"is_idle": False})
    return tuner_class(
        oracle,
        hypermodel,
        directory=str(folder.parent.absolute()),
        project_name=folder.name,
    )


class _HyperbandTrials:
    """Goes on from the model of an earlier round, as Hyperband wants."""

    def run_trial(self: Any, trial: Any, *args: Any, **kwargs: Any) -> Any:
        values = trial.hyperparameters.values
        if "tuner/epochs" in values:
            kwargs["epochs"] = values["tuner/epochs"]
            kwargs["initial_epoch"] = values["tuner/initial_epoch"]
        return super().run_trial(trial, *args, **kwargs)  # type: ignore[misc]

    def _build_hypermodel(self: Any, hp: Any) -> Any:
        earlier = hp.values.get("tuner/trial_id")
        if earlier is None:
            return super()._build_hypermodel(hp)  # type: ignore[misc]
        run = RunDirectory(Path(self.get_trial_dir(earlier), "run"))
        return keras.saving.load_model(run.model)


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
