"""The recipe: parts, each with its settings."""

import dataclasses
import functools
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_qlae.datasets.support import is_foreign
from keras_qlae.hints import hint
from keras_qlae.recipes.parts import FIXED
from keras_qlae.recipes.parts import SEATS
from keras_qlae.recipes.parts import Part
from keras_qlae.recipes.parts import Setting
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.protocol import Scoring
from keras_qlae.recipes.protocol import Training

_NONE = ("none", "None", "", None)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All settings of a training run except data set, seed and backend.

    A recipe has a part at each seat: `model`, `encoder`, `decoder`, `latent`,
    `optimizer`, `schedule` (of the learning rate; optional), `penalties` (any
    number), `training`, `scoring`. Its settings are those of its parts. Make
    a recipe with `recipes.get`, and change it with `override`.

    Attributes:
        name: Name of the recipe.
        summary: One line that describes it.
        parts: The parts, in the order of their seats.
    """

    name: str
    summary: str
    parts: tuple[Part, ...]

    @functools.cached_property
    def settings(self) -> dict[str, Setting]:
        """Every setting by its full name, such as `latent.num_values`.

        The default of each setting is its value in this recipe.
        """
        return {
            setting.full_name: dataclasses.replace(
                setting, default=part.value(name)
            )
            for part in self.parts
            for name, setting in part.settings.items()
        }

    @functools.cached_property
    def training(self) -> Training:
        """How long and on which images it is trained."""
        return Training(**self.part("training").values)

    @functools.cached_property
    def scoring(self) -> Scoring:
        """How it is scored."""
        return Scoring(**self.part("scoring").values)

    @property
    def penalties(self) -> tuple[Part, ...]:
        """The penalties."""
        return tuple(part for part in self.parts if part.seat == "penalties")

    def part(self, label: str) -> Part:
        """The part at a seat, or the penalty with a name.

        Raises:
            KeyError: It does not exist.
        """
        for part in self.parts:
            if part.label == label:
                return part
        raise KeyError(label)

    def has(self, label: str) -> bool:
        """Whether there is a part at a seat, or a penalty with that name."""
        return any(part.label == label for part in self.parts)

    def full_names(self, name: str) -> list[str]:
        """The full names of the settings that a name means.

        A name without a seat, such as `weight_decay`, means that setting of
        all parts that have it.
        """
        name = name.replace("-", "_")
        if "." in name:
            return [name] if name in self.settings else []
        return [
            full for full in self.settings if full.rpartition(".")[2] == name
        ]

    def value(self, name: str) -> Any:
        """The value of a setting, by its name with or without the seat.

        Raises:
            SettingError: The setting does not exist, or parts have different
                values.
        """
        names = self._known(name)
        values = [self.settings[full].default for full in names]
        if any(value != values[0] for value in values):
            raise SettingError(
                f"`{name}` has different values in {', '.join(names)}: use "
                f"one of these names. Received: {name!r}",
                name,
            )
        return values[0]

    def override(
        self, values: Mapping[str, Any] | None = None, /, **more: Any
    ) -> "Recipe":
        """Returns a copy with other parts or values, after a check.

        Args:
            values: By name: a seat (`latent`) with the name of another part,
                or with a table of the name and settings; a setting with its
                seat (`latent.num_values`); or a setting alone (`num_values`),
                for every part that has it. `penalties` takes a list of names,
                or a table of names and their settings. A new part keeps those
                values of the old one for which it has settings.
            **more: The same as keyword arguments.

        Raises:
            SettingError: A part or setting is unknown, or a value invalid.
        """
        given = {**(values or {}), **more}
        given = {name.replace("-", "_"): v for name, v in given.items()}
        recipe = self
        chosen = {k: v for k, v in given.items() if k in (*SEATS, *FIXED)}
        for seat, value in chosen.items():
            recipe = recipe._with_part(seat, value)
        for name, value in given.items():
            if name not in chosen:
                recipe = recipe._with_value(name, value)
        recipe.check()
        return recipe

    def to_dict(self) -> dict[str, Any]:
        """The parts with all their settings, as plain values by seat."""
        values: dict[str, Any] = {
            part.seat: part.to_dict()
            for part in self.parts
            if part.seat != "penalties"
        }
        values["penalties"] = {
            part.name: {name: part.value(name) for name in part.settings}
            for part in self.penalties
        }
        return values

    def foreign_parts(self) -> list[str]:
        """Import paths of parts and functions from outside the package."""
        names = [part.name for part in self.parts]
        found = [n for n in (*names, *self.scoring.metrics) if ":" in n]
        if is_foreign(self.training.support):
            found.append(self.training.support)
        return found

    def check(self, num_factors: int | None = None) -> None:
        """Checks values by making those parts that cost nothing.

        Args:
            num_factors: Factors of the data set; `None` if not known yet.

        Raises:
            SettingError: A value is out of range.
        """
        for part in self.parts:
            if part.seat in ("model", "encoder", "decoder"):
                continue
            supplied = _stand_ins(num_factors)
            has_list = any(isinstance(v, list) for v in part.values.values())
            if part.seat == "latent" and has_list and num_factors is None:
                continue  # one value per latent, whose number is not known
            try:
                part.build(**supplied)
            except (ValueError, TypeError) as error:
                raise SettingError(str(error), part.label) from error

    def check_num_latents(self) -> None:
        """Checks that the number of latents is given.

        Data without factors need it.

        Raises:
            SettingError: It is not given.
        """
        if not self.part("latent").value("num_latents"):
            raise SettingError(
                "`num_latents` must be given for a data set without factors: "
                "its default is twice their number.",
                "num_latents",
            )

    def _with_part(self, seat: str, value: Any) -> "Recipe":
        if seat == "penalties":
            return self._with_penalties(value)
        name, values = value, {}
        if isinstance(value, Mapping):
            values = dict(value)
            old = self.part(seat).name if self.has(seat) else ""
            name = values.pop("part", old)
        others = tuple(part for part in self.parts if part.seat != seat)
        if seat == "schedule" and name in _NONE:
            return dataclasses.replace(self, parts=others)
        if not isinstance(name, str):
            raise SettingError(
                f"`{seat}` must be the name of a part, or a table of settings. "
                f"Received: {seat}={value!r}",
                seat,
            )
        new = Part(seat, name)
        known = new.settings
        if self.has(seat):
            kept = self.part(seat).values
            new = new.override({k: v for k, v in kept.items() if k in known})
        recipe = dataclasses.replace(self, parts=_sorted((*others, new)))
        for key, own in values.items():
            recipe = recipe._with_value(f"{seat}.{key}", own)
        return recipe

    def _with_penalties(self, value: Any) -> "Recipe":
        if isinstance(value, str | None):
            value = [] if value in _NONE else value.split(",")
        tables = (
            value
            if isinstance(value, Mapping)
            else {name: {} for name in value}
        )
        others = [part for part in self.parts if part.seat != "penalties"]
        before = {part.name: part for part in self.penalties}
        own = []
        for name, values in tables.items():
            part = before.get(name, Part("penalties", name.strip()))
            unknown = [k for k in values if k not in part.settings]
            if unknown:
                raise _no_setting(f"{part.label}.{unknown[0]}", self)
            own.append(part.override(values))
        return dataclasses.replace(self, parts=_sorted([*others, *own]))

    def _with_value(self, name: str, value: Any) -> "Recipe":
        parts = list(self.parts)
        for full in self._known(name):
            label, _, argument = full.rpartition(".")
            at = [part.label for part in parts].index(label)
            parts[at] = parts[at].override({argument: value})
        return dataclasses.replace(self, parts=tuple(parts))

    def _known(self, name: str) -> list[str]:
        names = self.full_names(name)
        if not names:
            raise _no_setting(name, self)
        return names


def start(name: str, summary: str, values: Mapping[str, Any]) -> Recipe:
    """Makes a recipe of parts and values, as `Recipe.override` takes them."""
    parts = tuple(Part(seat, "") for seat in FIXED)
    return Recipe(name, summary, parts).override(values)


def _sorted(parts: Sequence[Part]) -> tuple[Part, ...]:
    order = [*SEATS, *FIXED]
    return tuple(sorted(parts, key=lambda part: order.index(part.seat)))


def _no_setting(name: str, recipe: Recipe) -> SettingError:
    short = [full.rpartition(".")[2] for full in recipe.settings]
    known = dict.fromkeys([*short, *recipe.settings, *SEATS])
    return SettingError(
        f"The recipe {recipe.name!r} has no setting of this name."
        f"{hint(name.replace('-', '_'), known)} Its settings: "
        f"{', '.join(dict.fromkeys(short))}. Received: {name!r}",
        name,
    )


def _stand_ins(num_factors: int | None) -> dict[str, Any]:
    """Examples of what a run supplies to parts, for a check."""
    return {
        "num_latents": 2 * (num_factors or 1),
        "num_pixel_values": 1,
        "num_examples": 2,
        "total_steps": 1,
        "learning_rate": 1.0,
    }
