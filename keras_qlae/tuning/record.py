"""The record of a search, `search.json`, from which it is resumed."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import Literal
from typing import Self

import pydantic

from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import validated

CONTINUED = "tuner/trial_id"  # the trial that a Hyperband trial continues
EPOCHS = "tuner/epochs"  # total number of epochs of a Hyperband trial

_HYPERBAND = (
    CONTINUED,
    EPOCHS,
    "tuner/bracket",
    "tuner/initial_epoch",
    "tuner/round",
)
_ROUNDING = 1e-6  # of limits on a logarithmic scale

Value = pydantic.FiniteFloat | int | str
_Limits = tuple[pydantic.FiniteFloat | int, pydantic.FiniteFloat | int]


class _Plain(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Plan(_Plain):
    """Everything that determines the trials.

    Attributes:
        run: What a trial trains, except the settings that are searched.
        ranges: The range of each setting that is searched.
        objective: Weights of the logged values whose sum is maximized.
        algorithm: How trials are chosen.
        baseline: Whether the first trial is the recipe itself.
    """

    run: Configuration
    ranges: dict[str, _Limits]
    objective: dict[str, pydantic.FiniteFloat]
    algorithm: str
    baseline: bool

    def differences(self, other: "Plan") -> list[str]:
        """One line per value in which a later call differs."""
        lines = self.run.differences(other.run)
        for name in ("ranges", "objective", "algorithm", "baseline"):
            before, after = getattr(self, name), getattr(other, name)
            if before != after:
                lines.append(f"{name}: {before} there, {after} asked for")
        before, after = (
            each.run.setting("training", "steps") for each in (self, other)
        )
        if before < after:  # a run may go on with more; trials are compared
            lines.append(f"training.steps: {before} there, {after} asked for")
        return lines


class Asked(_Plain):
    """The start of a trial, with its values."""

    event: Literal["asked"] = "asked"
    trial: int
    values: dict[str, Value]


class Told(_Plain):
    """The end of a trial.

    The score is `None` if it failed, and the message says why. `logged` is the
    last line of its `metrics.csv`.
    """

    event: Literal["told"] = "told"
    trial: int
    status: Literal["COMPLETED", "FAILED"]
    score: pydantic.FiniteFloat | None = None
    logged: dict[str, pydantic.FiniteFloat] = {}
    message: str = ""


Event = Annotated[Asked | Told, pydantic.Field(discriminator="event")]


class Record(_Plain):
    """A search: its plan, and what happened, in order.

    Attributes:
        format: Version of the file.
        plan: What determines the trials.
        events: What happened.
        best: The trial of which `best/` is a copy.
    """

    format: Literal[1] = 1
    plan: Plan
    events: list[Event] = []
    best: int | None = None

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        """Raises unless the events are those of a search of this plan."""
        told: dict[int, bool] = {}
        for event in self.events:
            if isinstance(event, Asked):
                _check_that(event.trial == len(told), "trials out of order")
                _check_that(_fits(event, self.plan), "foreign values")
                told[event.trial] = False
                continue
            _check_that(told.get(event.trial) is False, "a trial ended twice")
            has_score = event.score is not None
            _check_that(has_score == (event.status == "COMPLETED"), "a score")
            told[event.trial] = True
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a search; raises `ValueError` if the file is damaged."""
        content = read_json(path)
        if isinstance(content, dict):
            digest = content.pop("sha256", None)
            if digest != _digest(content):
                raise ValueError(
                    f"{path} is damaged: its content is not what was written. "
                    "Search in another directory."
                )
        record: Self = validated(
            cls, content, path, advice=" Search in another directory."
        )
        return record

    def write(self, path: Path) -> None:
        """Writes it, completely or not at all."""
        content = self.model_dump()
        write_json(path, {**content, "sha256": _digest(content)})

    @property
    def asked(self) -> list[Asked]:
        """The trials that were started, by number."""
        return [each for each in self.events if isinstance(each, Asked)]

    @property
    def told(self) -> dict[int, Told]:
        """The trials that have ended."""
        return {
            each.trial: each for each in self.events if isinstance(each, Told)
        }

    @property
    def unfinished(self) -> Iterator[Asked]:
        """The trials that were started and have not ended."""
        told = self.told
        return (each for each in self.asked if each.trial not in told)

    def with_event(self, event: Asked | Told) -> Self:
        """Returns the search with one more event."""
        return self.model_copy(update={"events": [*self.events, event]})


def _fits(asked: Asked, plan: Plan) -> bool:
    """Whether a trial has values of the plan's settings, and no others."""
    own = {k: v for k, v in asked.values.items() if k not in _HYPERBAND}
    if plan.baseline and asked.trial == 0:
        return set(own) <= set(plan.ranges) and not any(own.values())
    if set(own) != set(plan.ranges):
        return False
    source = asked.values.get(CONTINUED, "0")
    is_known = isinstance(source, str) and source.isdecimal()
    return is_known and all(
        not isinstance(value, str)
        and low - _ROUNDING * abs(low) <= value <= high + _ROUNDING * abs(high)
        for name, value in own.items()
        for low, high in [plan.ranges[name]]
    )


def _check_that(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the events are not those of a search: {what}")


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
