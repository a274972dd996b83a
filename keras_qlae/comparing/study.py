"""What is compared: models, seeds and data sets."""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_qlae import recipes
from keras_qlae.datasets import registry
from keras_qlae.recipes import Recipe

ROTATIONS = ("ica",)
_ICA = "ae-ica"
_KEYS = ("models", "datasets", "seeds", "settings")
_MODEL_KEYS = ("recipe", "title", "rotate")
# Latents that are numbers without a meaning of their own direction.
_ROTATABLE = ("continuous", "gaussian", "total_correlation", "bio")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A model that takes part in a study: a recipe, changed where wanted.

    Attributes:
        name: Its name. The folder of its runs is made of it.
        recipe: The recipe that is trained.
        settings: Settings in place of the recipe's own.
        rotate: `"ica"` to score the latents after a rotation by independent
            component analysis; empty to score them as they are.
        title: What tables and figure call it. Defaults to the name.
    """

    name: str
    recipe: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    rotate: str = ""
    title: str = ""

    @property
    def folder(self) -> str:
        """Letters, digits and hyphens of the name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def shown(self) -> str:
        """What tables and figure call it."""
        return self.title or self.name

    def recipe_for(self, dataset: str) -> Recipe:
        """What is trained on a data set."""
        return recipes.get(self.recipe, dataset, **self.settings)


@dataclasses.dataclass(frozen=True)
class Study:
    """Every model on every data set, once a seed.

    Attributes:
        contenders: The models, in the order of the table.
        datasets: Names of data sets, or paths of folders of images.
        seeds: Integers of at least 0.

    Raises:
        ValueError: Nothing to compare, a name or seed that is there twice, an
            unknown recipe, setting or data set, or a rotation of latents that
            cannot be rotated.
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
            registry.options_of(dataset)
        _check_distinct("data set", [folder_of(each) for each in self.datasets])
        _check_distinct("title", [each.shown for each in self.contenders])
        _check_folders(self.contenders)
        for contender in self.contenders:
            for dataset in self.datasets:
                _check_rotation(contender, contender.recipe_for(dataset))


def folder_of(dataset: str) -> str:
    """The folder of a data set's runs: its name, or that of its folder."""
    return Path(registry.resolve(dataset)).name


def contender_of(name: str, settings: dict[str, Any]) -> Contender:
    """The model that has a name of its own: a recipe, or `ae-ica`.

    Args:
        name: Name of a recipe, or `"ae-ica"`.
        settings: Settings in place of the recipe's own.

    Raises:
        ValueError: An unknown name.
    """
    if name == _ICA:
        return Contender(name, "ae", settings, "ica")
    if name not in recipes.available():
        known = (_ICA, *recipes.available())
        raise ValueError(
            f"There is no model of this name.{_hint(name, known)} Known: "
            f"{', '.join(known)}. A model with settings of its own is "
            'described in a TOML file: [models."a name"], recipe = "qlae", '
            f"weight_decay = 0.1. Received: {name!r}"
        )
    return Contender(name, name, settings)


def read_study(path: Path | str, settings: dict[str, Any]) -> Study:
    """Reads a study from a TOML file.

    ```toml
    datasets = ["room3d"]
    seeds = [0, 1]
    [settings]                        # of every model, may be left out
    steps = 6000
    [models.qlae]                     # a recipe by its name
    [models."QLAE, shared codebook"]  # any name
    recipe = "qlae"
    shared_codebook = true
    [models.ae-ica]
    recipe = "ae"
    rotate = "ica"
    title = "AE + ICA"                # in tables, in place of the name
    ```

    A model's own settings are stronger than those of every model, and
    `settings` is stronger than both.

    Args:
        path: The file.
        settings: Settings of every model in place of the file's.

    Returns:
        The study.

    Raises:
        ValueError: The file is no TOML, or holds an unknown key or a value of
            the wrong type; and as `Study` does.
        OSError: The file cannot be read.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    _check_keys(content, _KEYS, str(path))
    models = _of_type(content.get("models", {}), dict, f"{path}: models")
    shared = _settings(content.get("settings", {}), f"{path}, [settings]")
    contenders = []
    for name, values in models.items():
        where = f"{path}, [models.{name}]"
        values = dict(_of_type(values, dict, where))
        own = {
            key: _of_type(values.pop(key), str, f"{where}: {key}")
            for key in _MODEL_KEYS
            if key in values
        }
        values = shared | _settings(values, where, _MODEL_KEYS) | settings
        if "recipe" in own:
            contenders.append(Contender(name, settings=values, **own))
            continue
        known = contender_of(name, values)
        contenders.append(dataclasses.replace(known, **own))
    return Study(
        contenders,
        _list_of(content.get("datasets", ["room3d"]), str, path, "datasets"),
        _list_of(content.get("seeds", [0]), int, path, "seeds"),
    )


def _settings(
    values: Any, where: str, others: Iterable[str] = ()
) -> dict[str, Any]:
    """Settings of a recipe, each of the type of its default."""
    known = recipes.settings()
    _check_keys(_of_type(values, dict, where), (*others, *known), where)
    return {
        name: _typed(value, known[name].default, f"{where}: {name}")
        for name, value in values.items()
    }


def _typed(value: Any, default: Any, where: str) -> Any:
    if isinstance(default, float) and type(value) is int:
        return float(value)
    return _of_type(value, type(default), where)


def _of_type(value: Any, wanted: type, where: str) -> Any:
    if type(value) is not wanted:
        names = {dict: "table", str: "string in quotes", bool: "true or false"}
        name = names.get(wanted, wanted.__name__)
        raise ValueError(f"{where} wants a {name}. Received: {value!r}")
    return value


def _list_of(values: Any, wanted: type, path: Path, name: str) -> list[Any]:
    _of_type(values, list, f"{path}: {name}")
    return [_of_type(value, wanted, f"{path}: {name}") for value in values]


def _check_keys(given: Iterable[str], known: Sequence[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise ValueError(
                f"{where} has an unknown key.{_hint(name, known)} Known: "
                f"{', '.join(known)}. Received: {name!r}"
            )


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, 3)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _check_seeds(seeds: Sequence[int]) -> None:
    if any(type(seed) is not int or seed < 0 for seed in seeds):
        raise ValueError(
            f"Seeds must be integers of at least 0. Received: seeds={seeds!r}"
        )
    _check_distinct("seed", seeds)


def _check_distinct(what: str, values: Iterable[Any]) -> None:
    values = list(values)
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise ValueError(
            f"Every {what} may be there once. Received twice: {twice[0]!r}"
        )


def _check_folders(contenders: Sequence[Contender]) -> None:
    taken: dict[str, str] = {}
    for contender in contenders:
        folder = contender.folder
        if not folder:
            raise ValueError(
                "A model's name needs a letter from a to z or a digit, to name "
                "the folder of its runs; `title` is free. "
                f"Received: {contender.name!r}"
            )
        if folder in taken:
            raise ValueError(
                f"The runs of two models would go to one folder, {folder!r}: "
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
    is_autoencoder = recipe.model == "autoencoder"
    if contender.rotate and not (
        is_autoencoder and recipe.latent in _ROTATABLE
    ):
        raise ValueError(
            "Only the latents of an autoencoder can be rotated, and only "
            f"continuous ones ({', '.join(_ROTATABLE)}). Received: the model "
            f"{contender.name!r} with model={recipe.model!r}, "
            f"latent={recipe.latent!r}"
        )
