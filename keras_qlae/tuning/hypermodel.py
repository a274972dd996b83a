"""A recipe with settings that any tuner of Keras Tuner can choose."""

import tempfile
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.datasets import FactorDataset
from keras_qlae.recipes import Recipe
from keras_qlae.runs import data as run_data
from keras_qlae.tuning import objective as objectives
from keras_qlae.tuning import space


class QLAEHyperModel(keras_tuner.HyperModel):
    """A recipe for which a tuner of Keras Tuner chooses some settings.

    Use it with any tuner: `keras_tuner.RandomSearch(hypermodel,
    objective=hypermodel.objective).search()`. `keras_qlae.tuning.search` does
    not need it; it also resumes after kills and writes a table, figures and
    the best run.

    Args:
        recipe: A `Recipe` or its name, for all settings that are not searched.
        dataset: A data set or its name, as in `runs.train`.
        ranges: What is searched, as in `tuning.search`.
        objective: What is maximized, as in `tuning.search`.
        seed: Integer, for initial weights and the order of the images; the
            same in every trial.
        precision: Keras dtype policy.
        directory: The folder for the run of each trial, `trial-<number>`. By
            default a temporary folder.

    Raises:
        ValueError: As in `tuning.search`.
    """

    def __init__(
        self,
        recipe: str | Recipe = "qlae",
        dataset: str | FactorDataset = "room3d",
        ranges: Iterable[str] | Mapping[str, tuple[float, float] | None] = (),
        objective: str | Mapping[str, float] = "val_infom",
        seed: int = 0,
        precision: str = "float32",
        directory: Path | str | None = None,
    ) -> None:
        super().__init__()
        if isinstance(recipe, str):
            recipe = recipes.get(recipe, run_data.name_of(dataset))
        self.recipe = recipe
        self.dataset = dataset
        self.ranges = space.ranges_of(recipe, ranges)
        self.weights = objectives.weights_of(objective)
        self.seed = seed
        self.precision = precision
        self.directory = directory
        self._data = run_data.load(dataset, recipe.training.image_size)
        objectives.check(self.weights, recipe, self._data)

    @property
    def objective(self) -> keras_tuner.Objective:
        """The objective that a tuner should maximize."""
        return keras_tuner.Objective(objectives.name_of(self.weights), "max")

    def recipe_of(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """The recipe with the values of a trial."""
        return self.recipe.override(space.values(hp, self.recipe, self.ranges))

    def build(self, hp: keras_tuner.HyperParameters) -> Any:
        return recipes.compiled_model(
            self.recipe_of(hp),
            self._data.image_shape,
            len(self._data.factor_names),
            self.seed,
            self.precision,
            num_examples=len(self._data),
        )

    def fit(
        self,
        hp: keras_tuner.HyperParameters,
        model: Any,
        *,
        callbacks: Iterable[Any] = (),
        epochs: int | None = None,
        initial_epoch: int = 0,
        verbose: int = 0,
    ) -> dict[str, float]:
        """Trains and scores a trial as `runs.train` does.

        Args:
            hp: The values of the trial.
            model: Not used: the run builds its own model and starts at its
                first step.
            callbacks: Callbacks of the tuner.
            epochs: Total number of epochs, in place of the recipe's steps.
            initial_epoch: Not used.
            verbose: As in `runs.train`.

        Returns:
            The last line of `metrics.csv`, and the objective.

        Raises:
            keras_tuner.errors.FailedTrialError: The loss was not finite. The
                tuner continues with the next trial.
        """
        recipe = self.recipe_of(hp)
        if epochs is not None:
            steps = epochs * recipe.training.steps_per_epoch
            recipe = recipe.override(steps=steps)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(self.directory or scratch)
            number = len(list(folder.glob("trial-*")))
            try:
                run = runs.train(
                    folder / f"trial-{number:02d}",
                    recipe,
                    self.dataset,
                    self.seed,
                    self.precision,
                    verbose,
                    tuple(callbacks),
                )
            except FloatingPointError as error:
                raise keras_tuner.errors.FailedTrialError(str(error)) from error
            last = {k: v[-1] for k, v in run.read_metrics().items()}
        score = objectives.score_of(self.weights, last)
        return {**last, objectives.name_of(self.weights): score}
