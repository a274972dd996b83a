"""Chooses the next trial with an oracle of Keras Tuner."""

import sys
from pathlib import Path
from typing import Any

import keras_tuner

from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.record import Value

#: The algorithms that a search can use, Keras Tuner's.
ALGORITHMS = ("random", "bayesian", "hyperband")


class Oracle:
    """An oracle of Keras Tuner, used by its public methods.

    It writes to a temporary folder. To resume a search, all earlier calls of
    `ask` and `tell` are repeated. Hyperband needs the epochs of a whole trial.
    """

    def __init__(
        self,
        algorithm: str,
        space: keras_tuner.HyperParameters,
        seed: int,
        max_epochs: int,
        folder: Path,
    ) -> None:
        oracles = {
            "random": keras_tuner.oracles.RandomSearchOracle,
            "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
            "hyperband": keras_tuner.oracles.HyperbandOracle,
        }
        length = (
            {"max_epochs": max_epochs}
            if algorithm == "hyperband"
            else {"max_trials": None}  # counted by the search
        )
        self._oracle = oracles[algorithm](
            objective=keras_tuner.Objective("score", "max"),
            hyperparameters=space,
            seed=seed + 1,  # Keras Tuner treats 0 as no seed
            max_consecutive_failed_trials=sys.maxsize,
            **length,
        )
        self._oracle.verbose = 0
        # The public way to set the folder of an oracle.
        keras_tuner.engine.base_tuner.BaseTuner(
            self._oracle, directory=str(folder), project_name="oracle"
        )
        self._trials: dict[int, Any] = {}

    def ask(self, trial: int) -> dict[str, Value] | None:
        """The values of the next trial; `None` if there is none (yet)."""
        made = self._oracle.create_trial(f"trial {trial}")
        if made.status != keras_tuner.engine.trial.TrialStatus.RUNNING:
            return None
        self._trials[trial] = made
        return {
            name: value.item() if hasattr(value, "item") else value
            for name, value in made.hyperparameters.values.items()
        }

    def tell(self, trial: int, score: float | None) -> None:
        """Reports how a trial ended; `None` if it failed."""
        made = self._trials.pop(trial, None)
        if made is None:  # a baseline, or of another version of Keras Tuner
            return
        made.status = keras_tuner.engine.trial.TrialStatus.FAILED
        if score is not None:
            self._oracle.update_trial(made.trial_id, {"score": score})
            made.status = keras_tuner.engine.trial.TrialStatus.COMPLETED
        self._oracle.end_trial(made)

    def replay(self, record: Record) -> None:
        """Repeats the calls of `ask` and `tell` of a search.

        If another version of Keras Tuner chooses other values, those of the
        record are used.
        """
        for event in record.events:
            if not isinstance(event, Asked):
                self.tell(event.trial, event.score)
            elif event.trial or not record.plan.baseline:
                self.ask(event.trial)
                if event.trial in self._trials:
                    made = self._trials[event.trial]
                    made.hyperparameters.values = dict(event.values)
