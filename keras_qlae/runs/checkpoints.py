"""What a killed run goes on from."""

import dataclasses
import hashlib
import json
import logging
import math
import shutil
from pathlib import Path
from typing import Any

import keras

from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.runs.directory import RunDirectory

_logger = logging.getLogger(__name__)

_KEPT = 2  # the newest, and one to fall back on
_WEIGHTS = "model.weights.h5"
_STATE = "state.json"


@dataclasses.dataclass
class Record:
    """What a run has recorded so far, an entry an epoch.

    Attributes:
        rows: The lines of `metrics.csv`.
        codebooks: The codebooks after each epoch, lists of lists; empty for a
            model without.
    """

    rows: list[dict[str, float]] = dataclasses.field(default_factory=list)
    codebooks: list[Any] = dataclasses.field(default_factory=list)

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.rows[-1]["step"]) if self.rows else 0

    def write(self, run: RunDirectory) -> None:
        """Writes the files a person reads."""
        if self.rows:
            run.write_metrics(self.rows)
        if self.codebooks:
            write_json(run.codebooks, self.codebooks)


class Checkpoints(keras.callbacks.Callback):
    """Saves a run at the end of every epoch.

    A checkpoint is a folder `epoch-<number>` with the weights, the optimizer's
    state and the record, written under another name and renamed when whole.
    The last two are kept, in case the last is damaged. List it after the
    callbacks whose scores belong to the epoch.

    Args:
        run: The run directory.
        record: What was recorded before; each epoch adds to it.
        steps_per_batch: Steps of the encoder that a batch of `fit` makes.
    """

    def __init__(
        self, run: RunDirectory, record: Record, steps_per_batch: int = 1
    ) -> None:
        super().__init__()
        self.run = run
        self.record = record
        self.steps_per_batch = steps_per_batch

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._record(epoch, logs or {})
        path = self.run.checkpoints / f"epoch-{epoch + 1:05d}"
        with replacing(path, size_on_disk(self.model)) as folder:
            folder.mkdir()
            self.model.save_weights(folder / _WEIGHTS)
            state = {
                "sha256": _digest(folder / _WEIGHTS),
                **dataclasses.asdict(self.record),
            }
            (folder / _STATE).write_text(json.dumps(state), encoding="utf-8")
        self.record.write(self.run)
        for old in _folders(self.run.checkpoints)[:-_KEPT]:
            shutil.rmtree(old)

    def _record(self, epoch: int, logs: dict[str, Any]) -> None:
        row = {"epoch": epoch + 1, "step": 0.0}
        row |= {name: float(value) for name, value in logs.items()}
        steps = self.params["steps"] * self.steps_per_batch
        row["step"] = self.record.step + steps
        self.record.rows.append(row)
        codebooks = getattr(self.model.latent, "codebooks", None)
        if codebooks is not None:
            self.record.codebooks.append([c.tolist() for c in codebooks])


def size_on_disk(model: keras.Model) -> int:
    """Bytes that the weights and the optimizer's state take, rather more."""
    variables = [*model.variables, *model.optimizer.variables]
    numbers = sum(int(math.prod(variable.shape)) for variable in variables)
    return 4 * numbers + 1500 * len(variables)


def restore(run: RunDirectory, model: keras.Model) -> Record:
    """Loads the newest whole checkpoint into a compiled model.

    Args:
        run: The run directory.
        model: The model, its optimizer built.

    Returns:
        What was recorded up to it; nothing if there is no checkpoint.

    Raises:
        ValueError: There are checkpoints and none of them can be read.
    """
    folders = _folders(run.checkpoints)
    for folder in reversed(folders):
        problem = _problem(folder)
        if problem is None:
            model.load_weights(folder / _WEIGHTS)
            state = read_json(folder / _STATE)
            return Record(state["rows"], state["codebooks"])
        _logger.warning(
            "Checkpoint %s is damaged (%s): going back to the one before.",
            folder,
            problem,
        )
    if folders:
        raise ValueError(
            f"No checkpoint in {run.checkpoints} can be read. Train anew in "
            "another directory."
        )
    return Record()


def _folders(path: Path) -> list[Path]:
    return sorted(path.glob("epoch-*")) if path.exists() else []


def _problem(folder: Path) -> str | None:
    """What is wrong with a checkpoint, or `None`."""
    try:
        state = read_json(folder / _STATE)
        if state["sha256"] == _digest(folder / _WEIGHTS):
            return None
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (ValueError, KeyError, TypeError):
        return f"{_STATE} cannot be read"
    return f"{_WEIGHTS} is not what was saved"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
