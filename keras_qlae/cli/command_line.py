"""Converts a configuration to the command line that trains it."""

import json
import shlex
from typing import Any

from keras_qlae import recipes
from keras_qlae.recipes import Recipe
from keras_qlae.recipes.parts import SEATS
from keras_qlae.runs.loading import recipe_of
from keras_qlae.runs.records import Configuration


def command_of(config: Configuration) -> str:
    """Makes the command line that trains a configuration.

    It has all settings that differ from the recipe, with all digits.
    """
    own = recipe_of(config)
    base = recipes.get(config.recipe, config.dataset)
    words = ["keras-qlae", "train", "--recipe", config.recipe]
    words += ["--dataset", config.dataset, "--seed", str(config.seed)]
    if config.precision != "float32":
        words += ["--precision", config.precision]
    parts = {
        seat: _name(own, seat)
        for seat in SEATS
        if _name(own, seat) != _name(base, seat)
    }
    words += [f"--{seat}={name}" for seat, name in parts.items()]
    base = base.override(parts)
    for full, setting in own.settings.items():
        if setting.default != base.settings[full].default:
            short = full.rpartition(".")[2]
            name = short if own.full_names(short) == [full] else full
            text = _text(setting.default)
            words.append(f"--{name.replace('_', '-')}={text}")
    return shlex.join(words)


def _name(recipe: Recipe, seat: str) -> str:
    """The value of `--latent` and the like in the recipe."""
    if seat == "penalties":
        return ",".join(part.name for part in recipe.penalties) or "none"
    return recipe.part(seat).name if recipe.has(seat) else "none"


def _text(value: Any) -> str:
    """A value as text that `literal` reads."""
    if isinstance(value, bool | list):
        return json.dumps(value)
    return "none" if value is None else str(value)
