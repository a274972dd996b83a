"""The space of a search: settings of a recipe, and their ranges."""

import math
import types
import typing
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras_tuner

from keras_qlae.recipes import Recipe
from keras_qlae.recipes import SettingError

# Good ranges by name of the setting.
GOOD: dict[str, tuple[float, float]] = {
    "weight_decay": (1e-3, 1.0),
    "num_values": (4, 16),
    "learning_rate": (3e-4, 5e-3),
    "num_latents": (6, 18),
}
_FACTOR = 10.0  # range of floats on both sides of the recipe's value

Ranges = dict[str, tuple[float, float]]


def ranges_of(
    recipe: Recipe,
    search: Iterable[str] | Mapping[str, tuple[float, float] | None] = (),
) -> Ranges:
    """Completes and checks the ranges of a search.

    Args:
        recipe: The recipe.
        search: Names of its settings, with or without the seat; or a dict of
            names to `(low, high)`, or to `None` for the default range. That
            is the range of `GOOD` if it contains the recipe's value.
            Otherwise, for a positive value, it is a factor of ten to both
            sides, and for integers from half to double. Defaults to
            `weight_decay` and `num_values`; if there are no `num_values`, to
            `weight_decay` and the latent's first positive float.

    Returns:
        `(low, high)` by name. Integers are searched evenly, floats on a
        logarithmic scale.

    Raises:
        SettingError: The recipe does not have a setting, a setting is not a
            number, or a range or limit is invalid.
    """
    wanted = dict(search) if isinstance(search, Mapping) else {}
    wanted = wanted or dict.fromkeys(search) or dict.fromkeys(_default(recipe))
    ranges = {
        name.replace("-", "_"): _checked(recipe, name.replace("-", "_"), given)
        for name, given in wanted.items()
    }
    for name, limits in ranges.items():
        for value in limits:
            recipe.override({name: value})
    return ranges


def hyperparameters(
    recipe: Recipe, ranges: Ranges
) -> keras_tuner.HyperParameters:
    """Makes the space that Keras Tuner searches."""
    hp = keras_tuner.HyperParameters()
    values(hp, recipe, ranges)
    return hp


def values(
    hp: keras_tuner.HyperParameters, recipe: Recipe, ranges: Ranges
) -> dict[str, Any]:
    """Converts what Keras Tuner has chosen to settings of the recipe."""
    chosen = {}
    for name, (low, high) in ranges.items():
        own = recipe.value(name)
        inside = _is_number(own) and low <= own <= high
        default = own if inside else low
        if is_integer(recipe, name):
            chosen[name] = hp.Int(name, int(low), int(high), default=default)
        else:
            chosen[name] = hp.Float(
                name, low, high, sampling="log", default=default
            )
    return chosen


def is_integer(recipe: Recipe, name: str) -> bool:
    """Whether a setting is an integer; raises unless it is a number."""
    recipe.value(name)  # raises
    kinds = _kinds(recipe.settings[recipe.full_names(name)[0]].annotation)
    if float not in kinds and int not in kinds:
        raise SettingError(
            f"Only settings that are numbers can be searched. Received: "
            f"{name!r}",
            name,
        )
    return float not in kinds


def is_weight_decay(name: str) -> bool:
    """Whether a name, with or without the seat, is that of weight decay."""
    return name.rpartition(".")[2] == "weight_decay"


def _default(recipe: Recipe) -> list[str]:
    names = [n for n in ("weight_decay", "num_values") if recipe.full_names(n)]
    if "num_values" not in names:
        names += [
            name
            for name, setting in recipe.settings.items()
            if setting.seat == "latent"
            and isinstance(setting.default, float)
            and setting.default > 0
        ][:1]
    return names


def _checked(
    recipe: Recipe, name: str, given: tuple[float, float] | None
) -> tuple[float, float]:
    is_whole = is_integer(recipe, name)
    _check_matters(recipe, name)
    low, high = _range_of(recipe, name) if given is None else given
    lowest = -math.inf if is_whole else 0.0
    if not (math.isfinite(low) and math.isfinite(high) and lowest < low < high):
        wanted = "low < high" if is_whole else "0 < low < high"
        raise SettingError(
            f"`search` must give {name} a finite range (low, high) with "
            f"{wanted}. Received: {name}=({low}, {high})",
            name,
        )
    if not is_whole:
        return float(low), float(high)
    if low != int(low) or high != int(high):
        raise SettingError(
            f"`search` must give {name} a range of integers. Received: "
            f"{name}=({low}, {high})",
            name,
        )
    return int(low), int(high)


def _check_matters(recipe: Recipe, name: str) -> None:
    """Raises for a setting on which the trained model does not depend."""
    codebook = "latent.trainable_codebook"
    is_fixed = codebook in recipe.settings and not recipe.value(codebook)
    unused = {"training.steps_per_epoch"}
    if is_fixed:
        unused.add("latent.quantization_weight")
    for full in recipe.full_names(name):
        if full.startswith("scoring.") or full in unused:
            raise SettingError(
                f"{name} does not change the training of the recipe "
                f"{recipe.name!r}, at most its scoring: search another "
                f"setting. Received: search={name!r}",
                name,
            )


def _range_of(recipe: Recipe, name: str) -> tuple[float, float]:
    own = recipe.value(name)
    good = GOOD.get(name.rpartition(".")[2])
    is_positive = _is_number(own) and own > 0
    if good and (not is_positive or good[0] <= own <= good[1]):
        return good
    if not is_positive:
        raise SettingError(
            f"`search` must give {name} a range, such as {name}=0.1:10: the "
            f"recipe's value, {own}, has no default range. Received: {name!r}",
            name,
        )
    if is_integer(recipe, name):
        half = max(1, own // 2)
        return half if _is_allowed(recipe, name, half) else own, 2 * own
    return own / _FACTOR, own * _FACTOR


def _is_allowed(recipe: Recipe, name: str, value: int) -> bool:
    try:
        recipe.override({name: value})
    except SettingError:
        return False
    return True


def _kinds(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
