"""Parts of a recipe: classes and functions by name, and their settings.

A setting is an argument of a part. Its name, type, default and help come from
the signature and the docstring, so that each is declared once.
"""

import dataclasses
import functools
import importlib
import inspect
import math
import os
import sys
import types
import typing
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Literal

from keras_qlae.hints import hint
from keras_qlae.recipes.protocol import Scoring
from keras_qlae.recipes.protocol import Training

# The kind of part at each seat, and the module whose names are known there.
SEATS = {
    "model": "keras_qlae.models",
    "encoder": "keras_qlae.networks",
    "decoder": "keras_qlae.networks",
    "latent": "keras_qlae.layers",
    "penalties": "keras_qlae.penalties",
    "optimizer": "keras_qlae.optimizers",
    "schedule": "keras_qlae.optimizers",
}
# Parts that every recipe has, without a choice.
FIXED: dict[str, Any] = {"training": Training, "scoring": Scoring}
# Arguments of parts that a run supplies; they are not settings.
_SUPPLIED = (
    "dtype",
    "image_shape",
    "mean",
    "name",
    "num_examples",
    "num_inputs",
    "num_outputs",
    "num_pixel_values",
    "scale",
    "seed",
    "total_steps",
)
_PLAIN = (bool, int, float, str, types.NoneType)


class SettingError(ValueError):
    """Raised for a setting that is unknown or has an invalid value.

    Args:
        message: What is wrong.
        name: Name of the setting, as it was given.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


@dataclasses.dataclass(frozen=True)
class Setting:
    """An argument of a part that a recipe may set.

    Attributes:
        seat: The seat of the part, or the name of a penalty.
        name: The argument.
        annotation: Its type, without types that cannot be written as text.
        default: Its value if the recipe gives none.
        help: Its description in the docstring of the part.
    """

    seat: str
    name: str
    annotation: Any
    default: Any
    help: str

    @property
    def full_name(self) -> str:
        """Its name with the seat, such as `latent.num_values`."""
        return f"{self.seat}.{self.name}"

    def parse(self, value: Any) -> Any:
        """Converts a value to the type of the setting.

        Raises:
            SettingError: It has another type, or is not finite.
        """
        import pydantic

        kinds = [self.annotation]
        if _is_union(self.annotation):
            kinds = list(typing.get_args(self.annotation))
        is_list = any(typing.get_origin(kind) is list for kind in kinds)
        if isinstance(value, str) and is_list:
            value = [item.strip() for item in value.split(",") if item.strip()]
        try:
            result = pydantic.TypeAdapter(self.annotation).validate_python(
                value
            )
        except (pydantic.ValidationError, OverflowError):
            result = math.nan
        if isinstance(result, float) and not math.isfinite(result):
            raise SettingError(
                f"`{self.name}` must be {described(self.annotation)}. "
                f"Received: {self.name}={value!r}",
                self.name,
            )
        return list(result) if isinstance(result, tuple) else result


@dataclasses.dataclass(frozen=True)
class Part:
    """A class or function, and the values of its settings.

    Attributes:
        seat: Its seat in the recipe.
        name: Its name in the module of that seat, or `module:name`; empty
            for a part without a choice.
        values: Values in place of the defaults.
    """

    seat: str
    name: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name before its settings: the seat, or the penalty's name."""
        if self.seat == "penalties":
            return self.name.rpartition(":")[2]
        return self.seat

    @property
    def target(self) -> Callable[..., Any]:
        """The class or function."""
        return FIXED.get(self.seat) or find(self.name, self.seat)

    @property
    def settings(self) -> dict[str, Setting]:
        """Its settings by name."""
        return settings_of(self.target, self.label)

    def value(self, name: str) -> Any:
        """The value of a setting."""
        return self.values.get(name, self.settings[name].default)

    def to_dict(self) -> dict[str, Any]:
        """The name as `part`, and every setting, as plain values."""
        values = {name: self.value(name) for name in self.settings}
        name = {} if self.seat in FIXED else {"part": self.name}
        return {**name, **values}

    def override(self, values: Mapping[str, Any]) -> "Part":
        """A copy with other values, each of the type of its setting."""
        settings = self.settings
        parsed = {k: settings[k].parse(v) for k, v in values.items()}
        return dataclasses.replace(self, values={**self.values, **parsed})

    def build(self, **supplied: Any) -> Any:
        """Calls the class or function.

        Args:
            **supplied: Arguments that are not settings. Arguments that the
                part does not have are ignored. If one is also a setting, it
                is used only if the recipe gives no value.
        """
        parameters = inspect.signature(self.target).parameters
        takes_any = any(
            p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()
        )
        given = {
            name: value
            for name, value in supplied.items()
            if name in parameters or (takes_any and name in ("dtype", "name"))
        }
        own = {
            name: value
            for name, value in self.values.items()
            if value is not None or name not in given
        }
        return self.target(**{**given, **own})


def find(name: str, seat: str) -> Callable[..., Any]:
    """Finds the class or function of a name in the module of a seat.

    `module:name` is your own.
    """
    if ":" in name:
        return typing.cast(Callable[..., Any], import_object(name))
    module = importlib.import_module(SEATS[seat])
    if name in names_at(seat):
        return typing.cast(Callable[..., Any], getattr(module, name))
    raise SettingError(
        f"`{seat}` must be one of {', '.join(names_at(seat))}, or "
        f"`module:name` for one of your own.{hint(name, names_at(seat))} "
        f"Received: {seat}={name!r}",
        seat,
    )


@functools.cache
def names_at(seat: str) -> tuple[str, ...]:
    """The names that are available at a seat of `SEATS`."""
    module = importlib.import_module(SEATS[seat])
    public = {name: getattr(module, name) for name in module.__all__}
    if seat in ("encoder", "decoder"):
        wanted = "num_outputs" if seat == "encoder" else "num_inputs"
        return tuple(
            name
            for name, function in public.items()
            if wanted in inspect.signature(function).parameters
        )
    kind = _kind(seat)
    return tuple(
        name
        for name, member in public.items()
        if issubclass(member, kind) and member is not kind
    )


def import_object(path: str) -> Any:
    """Imports the object `module:name`."""
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise SettingError(
            f"There is no module {module_name!r} in this directory or among "
            f"the installed packages. Received: {path!r}",
            path,
        ) from error
    found = getattr(module, name, None)
    if not callable(found):
        raise SettingError(
            f"The module {module_name!r} has no class or function {name!r}. "
            f"Received: {path!r}",
            path,
        )
    return found


def import_module(name: str) -> types.ModuleType:
    """Imports a module, also from the current directory.

    The current directory is searched last, so that no file there replaces an
    installed package.
    """
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.append(os.getcwd())
    return importlib.import_module(name)


@functools.cache
def settings_of(target: Callable[..., Any], label: str) -> dict[str, Setting]:
    """The settings of a class or function, by name.

    `label` is the seat, or the name of a penalty.
    """
    function = target.__init__ if inspect.isclass(target) else target
    hints = typing.get_type_hints(function)
    helps = _helps(target)
    found = {}
    for name, parameter in inspect.signature(target).parameters.items():
        if name in _SUPPLIED or (label, name) == ("schedule", "learning_rate"):
            continue
        annotation = _plain(hints.get(name, Any), parameter.default)
        if annotation is None:
            continue
        default = parameter.default
        if default is inspect.Parameter.empty:  # it follows from the data
            default, annotation = None, annotation | None
        if isinstance(default, tuple):
            default = list(default)
        found[name] = Setting(
            label, name, annotation, default, helps.get(name, "")
        )
    return found


def described(annotation: Any) -> str:
    """Describes a type in words."""
    words = {
        bool: "true or false",
        int: "an integer",
        float: "a finite number",
        str: "a text",
        types.NoneType: "none",
    }
    if annotation in words:
        return words[annotation]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if _is_union(annotation):
        return " or ".join(map(described, arguments))
    return f"a list, each {described(arguments[0])}"


def _kind(seat: str) -> type:
    """The base class of the parts at a seat."""
    import keras

    from keras_qlae import layers
    from keras_qlae import penalties

    kinds: dict[str, type] = {
        "model": keras.Model,
        "latent": layers.Latent,
        "penalties": penalties.Penalty,
        "optimizer": keras.optimizers.Optimizer,
        "schedule": keras.optimizers.schedules.LearningRateSchedule,
    }
    return kinds[seat]


def _helps(target: Callable[..., Any]) -> dict[str, str]:
    """The description of each argument in a docstring."""
    import docstring_parser

    parsed = docstring_parser.parse(inspect.getdoc(target) or "")
    return {
        parameter.arg_name: " ".join((parameter.description or "").split())
        for parameter in parsed.params
    }


def _plain(annotation: Any, default: Any) -> Any:
    """The part of a type that can be written as text; `None` if none can."""
    if annotation is Any:  # the default has the type
        return (
            type(default) if isinstance(default, bool | int | float) else None
        )
    if annotation in _PLAIN or typing.get_origin(annotation) is Literal:
        return annotation
    arguments = typing.get_args(annotation)
    if _is_union(annotation):
        kept = [a for a in arguments if _plain(a, None) is not None]
        if all(a is types.NoneType for a in kept):
            return None
        return typing.Union[tuple(_plain(a, None) for a in kept)]  # noqa: UP007
    if typing.get_origin(annotation) in (Sequence, list, tuple):
        item = _plain(arguments[0], None) if arguments else None
        return None if item is None else list.__class_getitem__(item)
    return None


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)
