"""A recipe with some of its settings left to Keras Tuner."""

from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner

from keras_qlae import recipes
from keras_qlae.callbacks import FiniteLoss
from keras_qlae.callbacks import InfoMEC
from keras_qlae.files import replacing
from keras_qlae.recipes import Recipe
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.reporting import spread
from keras_qlae.runs.training import describe
from keras_qlae.runs.training import load_dataset
from keras_qlae.runs.training import split
from keras_qlae.tuning.scoring import SCORE
from keras_qlae.tuning.scoring import Reconstruction
from keras_qlae.tuning.scoring import Score
from keras_qlae.tuning.scoring import check_objective

# What can be searched, and between which values; integers are searched
# evenly, floats on a logarithmic scale.
SPACE: dict[str, tuple[float, float]] = {
    "weight_decay": (1e-3, 1.0),
    "num_values": (4, 16),
    "learning_rate": (3e-4, 5e-3),
    "num_latents": (6, 18),
    "quantization_weight": (1e-3, 1e-1),
    "commitment_weight": (1e-3, 1e-1),
}
_NUM_VALIDATED = 1920  # held-out images whose loss is logged each epoch


class QLAEHyperModel(keras_tuner.HyperModel):
    """A recipe, autoencoder or GAN, some of whose settings are searched.

    For any tuner: `keras_tuner.RandomSearch(hypermodel,
    objective=hypermodel.objective).search()`. Every epoch is scored with
    `callbacks.InfoMEC`. The score of a trial is that of its last epoch, since
    InfoM is often high for a moment early on, before the decoder works.

    A trial whose hyperparameter `decay` is `"none"` is trained without weight
    decay: logarithmic scales have no zero, and `keras_qlae.tuning.search`
    begins with such a trial to compare with.

    Args:
        recipe: Name of a recipe, or a `Recipe`: every setting that is not
            searched.
        dataset: Name of the data set.
        search: Which settings to search, of `SPACE`: names, or a dict from
            names to `(low, high)`. Defaults to weight decay and codebook size.
        objective: What is maximized: a name that is logged, or a dict from
            names to weights for several at once. Then the score is
            `sum(weight * value)`, logged as `val_score`: with
            `{"val_infom": 1, "val_psnr": 0.02}` a decibel of PSNR is worth
            0.02 of InfoM. For a GAN `val_psnr` is that of its encoder and
            generator.
        seed: Integer: initial weights and order of the images, the same in
            every trial.
        precision: Keras dtype policy.

    Attributes:
        trial_directory: If set, where `fit` leaves the trained model of a
            trial as the run directory `run`.

    Raises:
        ValueError: An unknown recipe, data set or setting, a range that is
            none, an objective that is not logged, fewer steps than an epoch
            has.
    """

    def __init__(
        self,
        recipe: str | Recipe = "qlae",
        dataset: str = "room3d",
        search: Iterable[str] | Mapping[str, Any] = (
            "weight_decay",
            "num_values",
        ),
        objective: str | Mapping[str, float] = "val_infom",
        seed: int = 0,
        precision: str = "float32",
    ) -> None:
        super().__init__()
        self.recipe = (
            recipes.get(recipe, dataset) if isinstance(recipe, str) else recipe
        )
        self.dataset = dataset
        self.ranges = _ranges(search)
        self.weights = (
            {objective: 1.0} if isinstance(objective, str) else dict(objective)
        )
        if not self.weights:
            raise ValueError(
                "`objective` must name at least one value that is logged. "
                f"Received: objective={objective!r}"
            )
        self.seed = seed
        self.precision = precision
        self.trial_directory: Path | None = None
        self.epochs = self.recipe.steps // self.recipe.steps_per_epoch
        if not self.epochs:
            raise ValueError(
                "A trial must have at least one epoch: `steps` of at least "
                f"`steps_per_epoch`. Received: steps={self.recipe.steps}, "
                f"steps_per_epoch={self.recipe.steps_per_epoch}"
            )
        for setting, (low, high) in self.ranges.items():
            for value in (low, high):
                self.recipe.override(**{setting: value})
        self._config = describe(self.recipe, dataset, seed, precision)
        self._data = load_dataset(self._config)
        self._train, self.held_out = split(self.recipe, self._data)
        check_objective(self.weights, self.build(keras_tuner.HyperParameters()))

    @property
    def objective(self) -> keras_tuner.Objective:
        """What a tuner shall maximize."""
        names = list(self.weights)
        is_plain = names == names[:1] and self.weights[names[0]] == 1
        return keras_tuner.Objective(names[0] if is_plain else SCORE, "max")

    @property
    def baseline(self) -> dict[str, Any]:
        """The recipe itself without weight decay, as values of a trial.

        Its own values are kept where they lie outside the searched ranges.
        """
        own = {
            name: self._own(name)
            for name in self.ranges
            if name != "weight_decay"
        }
        return {"decay": "none", **own}

    def describe(self) -> dict[str, Any]:
        """Everything that decides the result of a trial."""
        ranges = {name: list(pair) for name, pair in self.ranges.items()}
        return {**self._config, "search": ranges, "objective": self.weights}

    def recipe_of(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """The recipe with the values of a trial."""
        values: dict[str, Any] = {}
        has_decay = True
        if "weight_decay" in self.ranges:
            has_decay = hp.Fixed("decay", "searched") == "searched"
            with hp.conditional_scope("decay", ["searched"]):
                values["weight_decay"] = self._ask(hp, "weight_decay")
        for name in self.ranges:
            if name != "weight_decay":
                values[name] = self._ask(hp, name)
        if not has_decay:
            values["weight_decay"] = 0.0
        return self.recipe.override(**values)

    def build(self, hp: keras_tuner.HyperParameters) -> Any:
        return recipes.compiled_model(
            self.recipe_of(hp),
            self._data.image_shape,
            len(self._data.factor_names),
            self.seed,
            self.precision,
        )

    def fit(
        self,
        hp: keras_tuner.HyperParameters,
        model: Any,
        *,
        callbacks: Iterable[Any] = (),
        epochs: int | None = None,
        initial_epoch: int = 0,
        verbose: Any = 0,
        **kwargs: Any,
    ) -> dict[str, float]:
        """Trains and scores a trial; data come from the data set.

        Returns:
            What was logged in the last epoch, the objective among it.

        Raises:
            keras_tuner.errors.FailedTrialError: The loss was not finite; the
                tuner goes on with the next trial.
        """
        recipe = self.recipe_of(hp)
        # A train step of the GAN makes several optimizer steps.
        period = recipe.generator_period
        batch_size = recipe.batch_size * period
        steps = recipe.steps_per_epoch // period
        validated = self.held_out.subset(
            spread(len(self.held_out), _NUM_VALIDATED)
        )
        start_epoch, start_batch = divmod(
            initial_epoch * steps, self._train.batches_per_epoch(batch_size)
        )
        try:
            history = model.fit(
                self._train.as_tf_dataset(
                    batch_size,
                    shuffle=True,
                    repeat=True,
                    seed=self.seed,
                    start_epoch=start_epoch,
                    start_batch=start_batch,
                    with_factors=False,
                ),
                validation_data=validated.as_tf_dataset(
                    min(recipe.batch_size, len(validated)),
                    with_factors=False,
                    drop_remainder=True,
                ),
                steps_per_epoch=steps,
                epochs=epochs or self.epochs,
                initial_epoch=initial_epoch,
                callbacks=[
                    FiniteLoss(initial_epoch * recipe.steps_per_epoch, period),
                    InfoMEC(
                        self.held_out, recipe.num_scored, recipe.score_every
                    ),
                    Reconstruction(validated.images(range(len(validated)))),
                    Score(self.weights),
                    *callbacks,
                ],
                verbose=0,
                **kwargs,
            )
        except FloatingPointError as error:
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        rows = _rows(history, initial_epoch, recipe.steps_per_epoch)
        if self.trial_directory is not None:
            run = RunDirectory(self.trial_directory / "run")
            trained = recipe.override(steps=int(rows[-1]["step"]))
            run.claim(
                describe(trained, self.dataset, self.seed, self.precision)
            )
            run.write_metrics(rows)
            with replacing(run.model) as path:
                model.save(path)
        return rows[-1]

    def _own(self, name: str) -> Any:
        """The recipe's value of a setting, 0 latents resolved."""
        value = getattr(self.recipe, name)
        if name == "num_latents":
            return value or 2 * len(self._data.factor_names)
        return value

    def _ask(self, hp: keras_tuner.HyperParameters, name: str) -> Any:
        low, high = self.ranges[name]
        own = self._own(name)
        default = min(max(own, low), high)
        if isinstance(own, int):
            return hp.Int(name, int(low), int(high), default=int(default))
        if name == "weight_decay":
            # Inactive where there is no decay: a Gaussian process then takes
            # the default, and the lowest decay is the nearest to none.
            default = low
        return hp.Float(name, low, high, sampling="log", default=default)


def _ranges(search: Any) -> dict[str, tuple[float, float]]:
    chosen = (
        dict(search)
        if isinstance(search, Mapping)
        else {name: SPACE.get(name, (0, 0)) for name in search}
    )
    unknown = [name for name in chosen if name not in SPACE]
    if unknown or not chosen:
        raise ValueError(
            f"`search` must name some of {', '.join(SPACE)}. "
            f"Received: {', '.join(unknown) or 'none'}"
        )
    for name, (low, high) in chosen.items():
        if not 0 < low < high:
            raise ValueError(
                f"`search` must give {name} a range (low, high) with "
                f"0 < low < high. Received: ({low}, {high})"
            )
    return {name: (low, high) for name, (low, high) in chosen.items()}


def _rows(
    history: Any, initial_epoch: int, steps_per_epoch: int
) -> list[dict[str, float]]:
    """The lines of `metrics.csv`."""
    columns = history.history
    rows = []
    for i in range(len(next(iter(columns.values())))):
        epoch = initial_epoch + i + 1
        row = {"epoch": float(epoch), "step": float(epoch * steps_per_epoch)}
        rows.append(
            row | {name: float(values[i]) for name, values in columns.items()}
        )
    return rows
