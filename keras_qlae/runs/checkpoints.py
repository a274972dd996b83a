"""Checkpoints, from which a killed run is resumed."""

import dataclasses
import json
import logging
import math
import shutil
from pathlib import Path
from typing import Any

import keras
import pydantic

from keras_qlae.callbacks import CodesInUse
from keras_qlae.files import digest
from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import Row
from keras_qlae.runs.records import Usage

_logger = logging.getLogger(__name__)

_KEPT = 2  # the newest, and one to fall back on
_WEIGHTS = "model.weights.h5"
_STATE = "state.json"
_HASHES = "sha256.json"  # of the other two


@dataclasses.dataclass
class Record:
    """What a run has recorded so far, one entry per epoch.

    Attributes:
        rows: The lines of `metrics.csv`.
        codebooks: The codebooks after each epoch, lists of lists; empty for a
            model without codebooks.
        code_usage: How each latent uses its codes after each epoch; empty
            for a model without codes.
    """

    rows: list[Row] = dataclasses.field(default_factory=list)
    codebooks: list[list[list[float]]] = dataclasses.field(default_factory=list)
    code_usage: Usage = dataclasses.field(default_factory=Usage)

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.rows[-1]["step"]) if self.rows else 0

    def write(self, run: RunDirectory) -> None:
        """Writes the files for people to read."""
        if self.rows:
            run.write_metrics(self.rows)
        if self.codebooks:
            write_json(run.codebooks, self.codebooks)
        if self.code_usage.entropy:
            write_json(run.code_usage, dataclasses.asdict(self.code_usage))


class Checkpoints(keras.callbacks.Callback):
    """Saves a run at the end of every epoch.

    A checkpoint is a folder `epoch-<number>` with the weights, the optimizer's
    state, the record and the hashes of these files. It is written under
    another name and renamed when complete. The last two are kept, in case the
    last is damaged. List this callback after those whose scores belong to the
    epoch.
    """

    def __init__(
        self,
        run: RunDirectory,
        record: Record,
        codes: CodesInUse | None = None,
    ) -> None:
        super().__init__()
        self.run = run
        self.record = record
        self.codes = codes

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._record(epoch, logs or {})
        path = self.run.checkpoints / f"epoch-{epoch + 1:05d}"
        with replacing(path, size_on_disk(self.model)) as folder:
            folder.mkdir()
            self.model.save_weights(folder / _WEIGHTS)
            state = json.dumps(dataclasses.asdict(self.record))
            (folder / _STATE).write_text(state, encoding="utf-8")
            write_json(folder / _HASHES, _digests(folder))
        self.record.write(self.run)
        for old in _folders(self.run.checkpoints)[:-_KEPT]:
            shutil.rmtree(old)

    def _record(self, epoch: int, logs: dict[str, Any]) -> None:
        row = {"epoch": epoch + 1.0, "step": 0.0}
        row |= {name: float(value) for name, value in logs.items()}
        row["step"] = float(self.record.step + self.params["steps"])
        self.record.rows.append(row)
        codebooks = getattr(self.model.latent, "codebooks", None)
        if codebooks is not None:
            self.record.codebooks.append([c.tolist() for c in codebooks])
        if self.codes is not None and self.codes.usage is not None:
            self.record.code_usage.add(self.codes.usage)


def size_on_disk(model: keras.Model) -> int:
    """Upper estimate of the bytes of the weights and the optimizer's state."""
    variables = [*model.variables, *model.optimizer.variables]
    numbers = sum(int(math.prod(variable.shape)) for variable in variables)
    return 4 * numbers + 1500 * len(variables)


def restore(run: RunDirectory, model: keras.Model) -> Record:
    """Loads the newest undamaged checkpoint into a compiled model.

    Returns the record up to it, an empty one if there is no checkpoint. Raises
    `ValueError` if there are checkpoints, but none can be read.
    """
    folders = _folders(run.checkpoints)
    for folder in reversed(folders):
        try:
            record = _checked_record(folder)
        except (OSError, ValueError) as error:
            _logger.warning(
                "Checkpoint %s is damaged (%s): going back to the one before.",
                folder,
                error,
            )
            continue
        model.load_weights(folder / _WEIGHTS)
        return record
    if folders:
        raise ValueError(
            f"No checkpoint in {run.checkpoints} can be read. Train again in "
            "another directory."
        )
    return Record()


def _folders(path: Path) -> list[Path]:
    """The checkpoints by their number, the newest last."""
    numbers = {
        int(folder.name.removeprefix("epoch-")): folder
        for folder in path.glob("epoch-*")
        if folder.name.removeprefix("epoch-").isdecimal()
    }
    return [numbers[number] for number in sorted(numbers)]


def _checked_record(folder: Path) -> Record:
    """The record of a checkpoint, after a check of the hashes."""
    hashes = read_json(folder / _HASHES)
    for name, found in _digests(folder).items():
        if not isinstance(hashes, dict) or hashes.get(name) != found:
            raise ValueError(f"{name} is not what was saved")
    state = read_json(folder / _STATE)
    return pydantic.TypeAdapter(Record).validate_python(state)


def _digests(folder: Path) -> dict[str, str]:
    """The hashes of the files of a checkpoint."""
    return {name: digest(folder / name) for name in (_WEIGHTS, _STATE)}
