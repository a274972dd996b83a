"""What a run records and reads again: one type per file."""

import dataclasses
import json
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import Self

import pydantic

from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import is_foreign
from keras_qlae.datasets.tfds_names import is_tfds
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.metrics import CodeUsage
from keras_qlae.metrics import InfoMECResult
from keras_qlae.recipes.parts import Part

FORMAT = 2  # of a run directory
_FREE = ("format", "versions", "built")  # may differ in a later call
_STEPS = "settings.training.steps"

Row = dict[str, float]  # a line of `metrics.csv`

_Values = Annotated[list[float], pydantic.Field(min_length=1)]
_Epoch = Annotated[list[_Values], pydantic.Field(min_length=1)]
_Codebooks = Annotated[list[_Epoch], pydantic.Field(min_length=1)]


@dataclasses.dataclass
class Usage:
    """How each latent uses its codes after each epoch: `code_usage.json`.

    One list per epoch, with one number per latent; empty for a model without
    codes.

    Attributes:
        entropy: In nats.
        perplexity: The number of equally frequent codes with this entropy.
        num_dead: How many codes do not occur.
    """

    entropy: list[list[float]] = dataclasses.field(default_factory=list)
    perplexity: list[list[float]] = dataclasses.field(default_factory=list)
    num_dead: list[list[float]] = dataclasses.field(default_factory=list)

    def add(self, usage: CodeUsage) -> None:
        """Adds an epoch."""
        self.entropy.append(usage.entropy.tolist())
        self.perplexity.append(usage.perplexity.tolist())
        # Floats, as they will be when read again.
        self.num_dead.append(usage.num_dead.astype(float).tolist())


def read_usage(path: Path) -> Usage:
    """Reads `code_usage.json`."""
    usage: Usage = validated(Usage, read_json(path), path)
    return usage


def validated(
    kind: Any,
    values: Any,
    path: Path,
    strict: bool | None = None,
    advice: str = "",
) -> Any:
    """Makes an object of plain values that were read from a file.

    `kind` is what a `pydantic.TypeAdapter` takes. The message of an error says
    where the file is damaged, and then gives the advice.
    """
    try:
        adapter = pydantic.TypeAdapter(kind)
        return adapter.validate_python(values, strict=strict)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise ValueError(
            f"{path} is damaged: {where}: {first['msg']}.{advice}"
        ) from error


class _Record(pydantic.BaseModel):
    """Plain values of known types, kept in a JSON file."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a file."""
        return cls.checked(read_json(path), path)

    @classmethod
    def checked(cls, values: Any, path: Path) -> Self:
        """Makes a record of plain values that were read from a file."""
        record: Self = validated(cls, values, path)
        return record

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without unknown ones."""
        return self.model_dump(exclude_none=True)

    def write(self, path: Path) -> None:
        """Writes a file, completely or not at all."""
        write_json(path, self.to_dict())


class Built(_Record):
    """Properties of a model that depend on the data.

    Attributes:
        image_shape: `(height, width, channels)` of the images; or the shape
            of a vector.
        num_latents: Number of latents.
        num_weights: Number of trainable weights.
    """

    image_shape: tuple[int, ...]
    num_latents: int
    num_weights: int

    def __str__(self) -> str:
        shape = "x".join(map(str, self.image_shape))
        kind = "images" if len(self.image_shape) == 3 else "vectors"
        return (
            f"{kind} of {shape}, {self.num_latents} latents, "
            f"{self.num_weights:,} weights"
        )


class Configuration(_Record):
    """Everything needed to repeat a run: `config.json`.

    Attributes:
        format: Version of the run directory.
        recipe: Name of the recipe.
        dataset: Name of the data set, or the path of a folder.
        fingerprint: Hash of the content of the data set; `None` if not known.
        seed: Seed for initial weights and order of the data.
        backend: Keras backend.
        precision: Keras dtype policy.
        settings: The parts of the recipe with their settings, as
            `Recipe.to_dict` gives.
        rotate: `"ica"` if the latents are rotated before they are scored.
        versions: Versions of the libraries.
        built: What depends on the data.
    """

    format: int
    recipe: str
    dataset: str
    fingerprint: str | None = None
    seed: int
    backend: str
    precision: str
    settings: dict[str, dict[str, Any]]
    rotate: str | None = None
    versions: dict[str, str] = {}
    built: Built | None = None

    @classmethod
    def checked(cls, values: Any, path: Path) -> Self:
        if isinstance(values, dict):
            values = _of_this_format(values, path)
        return super().checked(values, path)

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        """Raises unless the settings that are read have the right types."""
        penalties = self.settings.get("penalties", {})
        if not all(isinstance(each, dict) for each in penalties.values()):
            raise ValueError("settings.penalties must be tables")
        metrics = self.setting("scoring", "metrics") or []
        if not isinstance(metrics, list | tuple) or not all(
            isinstance(each, str) for each in metrics
        ):
            raise ValueError("settings.scoring.metrics must be names")
        return self

    def setting(self, seat: str, name: str, default: Any = None) -> Any:
        """The value of a setting."""
        return self.settings.get(seat, {}).get(name, default)

    def flat(self) -> dict[str, Any]:
        """All values in one table, settings by their name with the seat."""
        return {
            name.removeprefix("settings.").removeprefix("penalties."): value
            for name, value in _flat(self.to_dict()).items()
        }

    @property
    def support(self) -> str:
        """Which combinations of factors are used for training."""
        return str(self.setting("training", "support", FULL))

    @property
    def foreign_parts(self) -> list[str]:
        """Import paths in it, of code from outside the package."""
        named = [table.get("part") for table in self.settings.values()]
        named += self.settings.get("penalties", {})
        named += self.setting("scoring", "metrics") or []
        if is_foreign(self.support):
            named.append(self.support)
        if not (Path(self.dataset).is_absolute() or is_tfds(self.dataset)):
            named.append(self.dataset)
        return [name for name in named if isinstance(name, str) and ":" in name]

    def differences(self, other: "Configuration") -> list[str]:
        """One line per value in which a later call differs.

        More steps are not a difference: the run continues. Neither is a
        setting that an earlier version did not have, at its default.
        """
        lines = []
        mine, new = _flat(self.to_dict()), _flat(other.to_dict())
        mine = {**_defaults(self.settings, other.settings), **mine}
        for name in dict.fromkeys([*mine, *new]):
            before, after = mine.get(name), new.get(name)
            if name.partition(".")[0] in _FREE or before == after:
                continue
            if name == "fingerprint" and None in (before, after):
                continue
            if name == _STEPS and _is_more(after, before):
                continue
            lines.append(
                f"{name.removeprefix('settings.')}: {before} there, {after} "
                "asked for"
            )
        return lines


def _defaults(
    before: Mapping[str, Any], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """The defaults of all settings of the parts that are the same in both.

    Parts that are only in a file, which may come from somebody else, are not
    imported.
    """
    found = {
        seat: Part(seat, table.get("part", "")).to_dict()
        for seat, table in asked.items()
        if seat != "penalties" and _is_same(seat, before, asked)
    }
    penalties = {
        name: Part("penalties", name).to_dict()
        for name in asked.get("penalties", {})
        if name in before.get("penalties", {})
    }
    for table in penalties.values():
        del table["part"]  # the name of a penalty's table
    return _flat({"settings": {**found, "penalties": penalties}})


def _is_same(
    seat: str, before: Mapping[str, Any], asked: Mapping[str, Any]
) -> bool:
    """Whether both have the same part at a seat."""
    return seat in before and before[seat].get("part") == asked[seat].get(
        "part"
    )


class Scores(_Record):
    """Scores of a trained model: `infomec.json`.

    Attributes:
        num_samples: Images or vectors scored.
        psnr: Mean over images, in dB; `None` for vectors.
        infom: Modularity; like those below, `None` without known factors.
        infoe: Explicitness.
        infoc: Compactness.
        num_active: Active latents.
        active: Whether each latent is active.
        nmi: Normalised mutual information of factors and latents, one list
            per factor.
        factor_names: The factors, in the order of `nmi`.
        others: Other scores, by the name with which they are shown.
        converged: Whether the rotation of the latents converged.
        multi_information: Normalised multi-information of the factors in
            training, if not all combinations occur.
        reconstruction_r2: Share of the variance of vectors that is rebuilt;
            `None` for images.
    """

    num_samples: int
    psnr: float | None = None
    infom: float | None = None
    infoe: float | None = None
    infoc: float | None = None
    num_active: int | None = None
    active: list[bool] | None = pydantic.Field(default=None, repr=False)
    nmi: list[list[float]] | None = pydantic.Field(default=None, repr=False)
    factor_names: list[str] | None = None
    others: dict[str, float] | None = None
    converged: bool | None = None
    multi_information: float | None = None
    reconstruction_r2: float | None = None

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        """Raises if a part of InfoMEC or the score of images is missing."""
        if (self.psnr is None) == (self.reconstruction_r2 is None):
            raise ValueError("either psnr or reconstruction_r2 is required")
        whole = (
            self.infom,
            self.infoe,
            self.infoc,
            self.num_active,
            self.active,
            self.nmi,
            self.factor_names,
        )
        if all(each is None for each in whole):
            return self
        if self.active is None or self.nmi is None or None in whole:
            raise ValueError("a part of InfoMEC is missing")
        sizes = {len(row) for row in self.nmi}
        is_complete = len(self.nmi) == len(self.factor_names or ()) > 0
        if not is_complete or sizes != {len(self.active)} or not self.active:
            raise ValueError(
                "nmi must have a row per factor, a column per latent"
            )
        return self

    @classmethod
    def of(
        cls,
        num_samples: int,
        result: InfoMECResult | None,
        factor_names: tuple[str, ...] = (),
        **more: Any,
    ) -> "Scores":
        """Makes scores of an InfoMEC result; `None` without factors."""
        infomec = {}
        if result is not None:
            infomec = {
                "infom": result.infom,
                "infoe": result.infoe,
                "infoc": result.infoc,
                "num_active": result.num_active,
                "active": [bool(each) for each in result.active],
                "nmi": result.nmi.tolist(),
                "factor_names": list(factor_names),
            }
        return cls(num_samples=num_samples, **infomec, **more)

    @property
    def numbers(self) -> dict[str, float]:
        """Every score that is one number, by name."""
        names = (
            "infom",
            "infoe",
            "infoc",
            "psnr",
            "reconstruction_r2",
            "num_active",
        )
        known = {name: getattr(self, name) for name in names}
        found = {k: float(v) for k, v in known.items() if v is not None}
        return found | (self.others or {})

    @property
    def has_infomec(self) -> bool:
        """Whether there are known factors, and so InfoMEC."""
        return self.infom is not None


def read_codebooks(path: Path) -> list[list[list[float]]]:
    """Reads `codebooks.json`: by epoch, latent and value."""
    found: list[list[list[float]]] = validated(
        _Codebooks, read_json(path), path, strict=True
    )
    return found


def _is_more(after: Any, before: Any) -> bool:
    return isinstance(before, int) and isinstance(after, int) and after > before


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flattens nested tables to one, with dotted names."""

    def pairs() -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            if isinstance(value, dict) and value:
                yield from _flat(value, f"{prefix}{name}.").items()
            else:
                yield f"{prefix}{name}", value

    return dict(pairs())


def _of_this_format(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Converts the values of an earlier format to the current one."""
    number = values.get("format", 1)
    if number == 1:
        flat = values.get("settings")
        if not isinstance(flat, dict):
            flat = {}
        settings = {
            "earlier": flat,
            "training": {"image_size": flat.get("image_size", 64)},
            "scoring": {
                "num_scored": flat.get("num_scored", 10_000),
                "protocol": flat.get("protocol", "held_out"),
            },
        }
        return {**values, "format": 1, "settings": settings}
    if number != FORMAT:
        raise ValueError(
            f"{path} was written by another version of keras-qlae: "
            f"{json.dumps(values.get('versions', {}))[:200]}. Install that "
            f"version to read it. Received: format={number!r}; supported are "
            f"1 and {FORMAT}"
        )
    return values
