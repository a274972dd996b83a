"""Reads what to train from a file: TOML, or another run's `config.json`."""

import json
import tomllib
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import Self

from keras_qlae import recipes
from keras_qlae.files import FileContentError
from keras_qlae.recipes import Recipe
from keras_qlae.runs.loading import allow
from keras_qlae.runs.loading import recipe_of
from keras_qlae.runs.records import FORMAT
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.training import describe

_OWN = {"recipe": "qlae", "dataset": "room3d", "seed": 0}
_OWN |= {"precision": "float32"}
_NONE = "none"  # TOML has no null


class Wanted(NamedTuple):
    """What to train, as `runs.train` takes it."""

    recipe: Recipe
    dataset: str
    seed: int
    precision: str

    @classmethod
    def of(cls, config: Configuration) -> Self:
        """What a run has trained, after its modules were allowed."""
        recipe = recipe_of(config)
        return cls(recipe, config.dataset, config.seed, config.precision)

    @property
    def config(self) -> Configuration:
        """The configuration here, without loading the data set."""
        return describe(*self)


def read(
    path: Path | str,
    recipe: str | None = None,
    dataset: str | None = None,
    imports: Sequence[str] = (),
) -> Wanted:
    """Reads what to train.

    ```toml
    recipe = "qlae"      # the first four are optional, with these defaults
    dataset = "room3d"
    seed = 0
    precision = "float32"
    steps = 6000         # settings, in place of the recipe's own
    [latent]             # settings of a part; `part` sets another part
    num_values = 8
    ```

    `runs.configuring.to_toml` writes such a file, with every setting. A
    `config.json` may come from a stranger's run: modules that it names are
    imported only if `imports` names them too.

    Args:
        path: The file; if it ends in `.json` it is the `config.json` of a run.
        recipe: A recipe in place of the file's.
        dataset: A data set in place of the file's.
        imports: As in `open_run`.

    Returns:
        What to train. The data set is not loaded.

    Raises:
        ValueError: The file is neither kind, has an unknown setting or an
            invalid value, or names code that may not be imported.
        OSError: It cannot be read.
    """
    path = Path(path)
    if path.suffix == ".json":
        return _of_json(path, recipe, dataset, imports)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FileContentError(
            f"{path} is neither a TOML file nor, by its name, the config.json "
            f"of a run: {error}"
        ) from error
    own = {name: content.pop(name, known) for name, known in _OWN.items()}
    for name, value in own.items():
        kind = type(_OWN[name])
        if type(value) is not kind:
            raise FileContentError(
                f"{path}: `{name}` must be of type {kind.__name__}. "
                f"Received: {name}={value!r}"
            )
    own["dataset"] = dataset or own["dataset"]
    try:
        own["recipe"] = recipes.get(
            recipe or own["recipe"], own["dataset"], _of_toml(content)
        )
    except ValueError as error:
        raise FileContentError(f"{path}: {error}") from error
    return Wanted(**own)


def _of_json(
    path: Path,
    recipe: str | None,
    dataset: str | None,
    imports: Sequence[str],
) -> Wanted:
    """What another run has trained."""
    config = Configuration.read(path)
    if config.format != FORMAT or config.rotate:
        raise ValueError(
            f"{path} is from a run that cannot be trained again: it is from an "
            "earlier version, or `keras-qlae compare` rotated its latents. "
            f"Received: format={config.format}, "
            f"rotate={config.rotate!r}"
        )
    if recipe not in (None, config.recipe):
        raise ValueError(
            f"{path} has all settings of the recipe {config.recipe}: change "
            f"these, or leave the file out. Received: recipe={recipe!r}"
        )
    allow(config, imports)
    return Wanted.of(config)._replace(dataset=dataset or config.dataset)


def to_toml(config: Configuration) -> str:
    """Makes the text of a file for `read` with all settings of a run."""
    tables = {k: v for k, v in config.settings.items() if k != "penalties"}
    penalties = config.settings.get("penalties", {})
    lines = [f"{name} = {_value(getattr(config, name))}" for name in _OWN]
    if "schedule" not in config.settings:
        lines.append(f'schedule = "{_NONE}"')
    lines += [] if penalties else ["penalties = []"]
    for seat, table in tables.items():
        lines += ["", f"[{seat}]", *_lines(table)]
    for name, table in penalties.items():
        lines += ["", f"[penalties.{_value(name)}]", *_lines(table)]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in table.items()]


def _value(value: Any) -> str:
    """A plain value as TOML, whose strings and lists are as in JSON."""
    if value is None:
        return f'"{_NONE}"'
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")


def _of_toml(value: Any) -> Any:
    """Reverses `_value`."""
    if isinstance(value, Mapping):
        return {name: _of_toml(inner) for name, inner in value.items()}
    return None if value == _NONE else value
