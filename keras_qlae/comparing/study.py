"""What is compared: models, seeds and data sets."""

import dataclasses
import re
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from keras_qlae import recipes
from keras_qlae.datasets import registry
from keras_qlae.files import FileContentError
from keras_qlae.hints import UnknownNameError
from keras_qlae.hints import hint
from keras_qlae.recipes import Recipe
from keras_qlae.recipes import SettingError
from keras_qlae.recipes.parts import FIXED
from keras_qlae.recipes.parts import SEATS
from keras_qlae.runs import data as run_data

ROTATIONS = ("ica",)
_ICA = {"ae-ica": "ae", "ae-vectors-ica": "ae-vectors"}
_KEYS = ("models", "datasets", "seeds", "settings")
_MODEL_KEYS = ("recipe", "title", "rotate")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A model of a study: a recipe with changed settings.

    Attributes:
        name: Its name, from which the folder of its runs is named.
        recipe: The recipe that is trained.
        settings: Parts and settings in place of the recipe's own, as in
            `Recipe.override`.
        rotate: `"ica"` to score the latents after a rotation by independent
            component analysis; empty for no rotation.
        title: Its name in tables and figure. Defaults to `name`.
    """

    name: str
    recipe: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    rotate: str = ""
    title: str = ""

    @property
    def folder(self) -> str:
        """The folder of its runs: letters, digits and hyphens of the name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def shown(self) -> str:
        """Its name in tables and figure."""
        return self.title or self.name

    def recipe_for(self, dataset: str) -> Recipe:
        """The recipe that is trained on a data set."""
        return recipes.get(self.recipe, dataset, self.settings)


@dataclasses.dataclass(frozen=True)
class Study:
    """Every model on every data set with every seed.

    Attributes:
        contenders: The models, in the order of the table.
        datasets: Names of data sets, paths of folders of images, or
            `module:name` for your own data sets.
        seeds: Integers of at least 0.

    Raises:
        ValueError: There is nothing to compare, a name or seed occurs twice, a
            recipe, setting or data set is unknown, or latents cannot be
            rotated.
    """

    contenders: Sequence[Contender]
    datasets: Sequence[str] = ("room3d",)
    seeds: Sequence[int] = (0,)

    def __post_init__(self) -> None:
        for name in ("contenders", "datasets", "seeds"):
            if not getattr(self, name):
                raise ValueError(
                    f"A study needs at least one of its {name}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        _check_seeds(self.seeds)
        for dataset in self.datasets:
            _check_dataset(dataset)
        _check_distinct(
            "data set", [run_data.folder_of(each) for each in self.datasets]
        )
        _check_distinct("title", [each.shown for each in self.contenders])
        _check_folders(self.contenders)
        for contender in self.contenders:
            for dataset in self.datasets:
                _check_rotation(contender, contender.recipe_for(dataset))


def contender_of(name: str, settings: Mapping[str, Any]) -> Contender:
    """Makes a model from a name: that of a recipe, or `ae-ica`.

    Args:
        name: Name of a recipe, `"ae-ica"` or `"ae-vectors-ica"`.
        settings: Settings in place of the recipe's own.

    Raises:
        ValueError: The name is unknown.
    """
    if name in _ICA:
        return Contender(name, _ICA[name], dict(settings), "ica")
    if name not in recipes.available():
        known = (*_ICA, *recipes.available())
        raise UnknownNameError(
            f"There is no model of this name.{hint(name, known)} Available: "
            f"{', '.join(known)}. To compare a model with other settings, "
            'write a TOML file: [models."a name"], recipe = "qlae", '
            f"weight_decay = 0.1. Received: {name!r}"
        )
    return Contender(name, name, dict(settings))


def with_settings(
    contenders: Iterable[Contender],
    settings: Mapping[str, Any],
    is_stronger: bool = True,
) -> list[Contender]:
    """Adds settings to all models.

    A model whose recipe does not have a setting is not changed by it.

    Args:
        contenders: The models.
        settings: Parts and settings.
        is_stronger: Whether they replace the models' own.

    Raises:
        SettingError: No model has a setting, or a value is invalid.
    """
    changed = []
    unused = dict(settings)
    known: dict[str, None] = {}
    for contender in contenders:
        layers = [contender.settings, settings]
        weak, strong = layers if is_stronger else reversed(layers)
        parts = _parts_of(weak) | _parts_of(strong)
        recipe = recipes.get(contender.recipe, "", parts)
        known |= dict.fromkeys(recipe.settings)
        for name, value in settings.items():
            if _by_full_name({name: value}, recipe):
                unused.pop(name, None)
        both = _by_full_name(weak, recipe) | _by_full_name(strong, recipe)
        changed.append(dataclasses.replace(contender, settings=both))
        changed[-1].recipe_for("")
    for name in unused:
        short = [full.rpartition(".")[2] for full in known]
        raise SettingError(
            f"No model has a setting of this name."
            f"{hint(name, [*short, *known])} Received: {name!r}",
            name,
        )
    return changed


def read_study(path: Path | str, settings: Mapping[str, Any]) -> Study:
    """Reads a study from a TOML file.

    ```toml
    datasets = ["room3d"]
    seeds = [0, 1]
    [settings]                        # of every model that has them
    steps = 6000
    [models.qlae]                     # a recipe by its name
    [models."QLAE, shared codebook"]  # any name
    recipe = "qlae"
    shared = true
    [models."QLAE, 8 values".latent]  # settings of a part as a table
    num_values = 8
    [models.ae-ica]
    recipe = "ae"
    rotate = "ica"
    title = "AE + ICA"                # in tables, in place of the name
    ```

    A model's own settings replace those of `[settings]`, and `settings`
    replaces both.

    Args:
        path: The file.
        settings: Settings of every model in place of the file's.

    Returns:
        The study.

    Raises:
        ValueError: The file is not TOML, or has an unknown key or an invalid
            value; or as in `Study`.
        OSError: The file cannot be read.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error)[:200]
        raise FileContentError(
            f"{path} is not a TOML file: {reason}"
        ) from error
    unknown = [name for name in content if name not in _KEYS]
    if unknown:
        raise FileContentError(
            f"{path} has an unknown key.{hint(unknown[0], _KEYS)} Valid keys: "
            f"{', '.join(_KEYS)}. Received: {unknown[0]!r}"
        )
    contenders = [
        _contender(name, values, f"{path}, [models.{name}]")
        for name, values in _typed(
            dict[str, Any], content.get("models", {}), f"{path}: models"
        ).items()
    ]
    where = f"{path}, [settings]"
    shared = _typed(dict[str, Any], content.get("settings", {}), where)
    try:
        contenders = with_settings(contenders, shared, is_stronger=False)
    except SettingError as error:
        raise FileContentError(f"{where}: {error}") from error
    return Study(
        with_settings(contenders, settings),
        _typed(
            list[str], content.get("datasets", ["room3d"]), f"{path}: datasets"
        ),
        _typed(list[int], content.get("seeds", [0]), f"{path}: seeds"),
    )


def _contender(name: str, values: Any, where: str) -> Contender:
    """Makes a model of a TOML file, and checks its settings."""
    settings = dict(_typed(dict[str, Any], values, where))
    own = {
        key: _typed(str, settings.pop(key), f"{where}: {key}")
        for key in _MODEL_KEYS
        if key in settings
    }
    try:
        if "recipe" in own:
            contender = Contender(name, settings=settings, **own)
        else:
            known = contender_of(name, settings)
            contender = dataclasses.replace(known, **own)
        contender.recipe_for("")
    except SettingError as error:
        keys = hint(error.name, _MODEL_KEYS)
        raise FileContentError(f"{where}:{keys} {error}") from error
    return contender


def _typed(kind: Any, value: Any, where: str) -> Any:
    """Checks the type of a value of a TOML file."""
    try:
        return pydantic.TypeAdapter(kind).validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        raise FileContentError(
            f"{where}: {error.errors()[0]['msg']}. Received: {value!r:.200}"
        ) from error


def _parts_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The names of parts among the settings, by seat."""
    parts = {seat: settings[seat] for seat in SEATS if seat in settings}
    tables = {
        seat: {"part": value["part"]} if "part" in value else {}
        for seat, value in parts.items()
        if isinstance(value, Mapping) and seat != "penalties"
    }
    return parts | tables


def _by_full_name(
    settings: Mapping[str, Any], recipe: Recipe
) -> dict[str, Any]:
    """The settings that a recipe has, by full name.

    So a later setting replaces an earlier one, whichever form they have.
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in (*SEATS, *FIXED) and isinstance(value, Mapping):
            if name == "penalties":
                found[name] = value
                continue
            table = dict(value)
            if "part" in table:
                found[name] = table.pop("part")
            found |= {f"{name}.{key}": each for key, each in table.items()}
        elif name in SEATS:
            found[name] = value
        else:
            found |= dict.fromkeys(recipe.full_names(name), value)
    return found


def _check_dataset(dataset: str) -> None:
    """Raises if no data set has this name."""
    if not run_data.is_foreign(dataset):
        registry.options_of(dataset)


def _check_seeds(seeds: Sequence[int]) -> None:
    if any(type(seed) is not int or not 0 <= seed < 2**32 for seed in seeds):
        raise ValueError(
            "Seeds must be integers from 0 to 4,294,967,295. Received: "
            f"seeds={seeds!r}"
        )
    _check_distinct("seed", seeds)


def _check_distinct(what: str, values: Iterable[Any]) -> None:
    values = list(values)
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise ValueError(
            f"Every {what} may occur once. Received twice: {twice[0]!r}"
        )


def _check_folders(contenders: Sequence[Contender]) -> None:
    taken: dict[str, str] = {}
    for contender in contenders:
        folder = contender.folder
        if not folder:
            raise ValueError(
                "A model's name needs a letter from a to z or a digit, to name "
                "the folder of its runs; `title` may be anything. "
                f"Received: {contender.name!r}"
            )
        if folder in taken:
            raise ValueError(
                f"Two models would have the same folder for runs, {folder!r}: "
                "give one of them another name (`title` is what is shown). "
                f"Received: {taken[folder]!r} and {contender.name!r}"
            )
        taken[folder] = contender.name


def _check_rotation(contender: Contender, recipe: Recipe) -> None:
    if contender.rotate not in ("", *ROTATIONS):
        raise ValueError(
            f"`rotate` must be one of {', '.join(ROTATIONS)}. Received: "
            f"rotate={contender.rotate!r} for the model {contender.name!r}"
        )
    from keras_qlae import models

    model, latent = recipe.part("model"), recipe.part("latent")
    is_continuous = not getattr(latent.target, "is_discrete", False)
    is_autoencoder = isinstance(model.target, type) and issubclass(
        model.target, models.Autoencoder
    )
    if contender.rotate and not (is_autoencoder and is_continuous):
        raise ValueError(
            "Only continuous latents of an autoencoder can be rotated. "
            f"Received: the model {contender.name!r} with "
            f"model={model.name}, latent={latent.name}"
        )
