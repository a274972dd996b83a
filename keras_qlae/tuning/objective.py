"""The objective of a search: a weighted sum of logged values."""

import math
from collections.abc import Iterable
from collections.abc import Mapping

import keras

from keras_qlae import recipes
from keras_qlae.callbacks import InfoMEC
from keras_qlae.datasets import FactorDataset
from keras_qlae.recipes import Recipe
from keras_qlae.runs.scoring import own_metrics

SCORE = "val_score"  # the name of a sum of several values

Weights = dict[str, float]


def weights_of(objective: str | Mapping[str, float]) -> Weights:
    """Converts the objective to weights by name."""
    given = {objective: 1.0} if isinstance(objective, str) else objective
    weights = {name: float(weight) for name, weight in given.items()}
    if not weights or not all(map(math.isfinite, weights.values())):
        raise ValueError(
            "`objective` must name at least one logged value and have finite "
            f"weights. Received: objective={objective!r}"
        )
    return weights


def name_of(weights: Weights) -> str:
    """The name of the score of a trial."""
    only = next(iter(weights))
    return only if weights == {only: 1.0} else SCORE


def score_of(weights: Weights, logged: Mapping[str, float]) -> float:
    """The weighted sum of logged values."""
    return sum(weight * logged[name] for name, weight in weights.items())


def logged_names(recipe: Recipe, data: FactorDataset) -> list[str]:
    """Lists all names that a run writes to `metrics.csv`.

    The model is built to find what it measures.
    """
    model = recipes.compiled_model(
        recipe,
        data.image_shape,
        len(data.factor_names),
        num_examples=len(data),
    )
    own = [metric.name for metric in model.metrics]
    fidelity = f"val_{model.fidelity}"
    keras.utils.clear_session()
    names = [*own, *(f"val_{name}" for name in own), fidelity]
    if data.has_factors:
        names += InfoMEC.names
        names += [f"val_{name}" for name in own_metrics(recipe.scoring.metrics)]
    return list(dict.fromkeys(names))


def check(names: Iterable[str], recipe: Recipe, data: FactorDataset) -> None:
    """Raises `ValueError` unless all names will be logged."""
    wanted = list(names)
    missing = [name for name in wanted if name in InfoMEC.names]
    if missing and not data.has_factors:
        fidelity = "val_psnr" if data.has_images else "val_reconstruction_r2"
        raise ValueError(
            f"`objective` cannot be a score of InfoMEC on {data.name}, which "
            f"has no known factors. Maximize `{fidelity}` instead: "
            f"`--objective {fidelity}`. Received: {', '.join(missing)}"
        )
    known = logged_names(recipe, data)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ValueError(
            f"`objective` must name values that are logged: {', '.join(known)}."
            f" Received: {', '.join(missing)}"
        )
