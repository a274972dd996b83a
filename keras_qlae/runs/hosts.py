"""Several processes that train one model, on hosts of their own.

All make the same steps, each on its share of every batch. The first also does
what one alone does: it reads and writes the run directory, scores and draws.
It does so with a copy of the model of its own, since arrays that are spread
over processes can only be computed with by all of them at once.
"""

import json
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_qlae import backend
from keras_qlae.runs.checkpoints import Record
from keras_qlae.runs.records import Configuration


def is_first() -> bool:
    """Whether this process is alone, or the first of several."""
    return backend.host() == 0


def agreed(value: Any) -> Any:
    """What the first process gives, on all; plain values.

    Every process must call it, and waits for the others.
    """
    if backend.num_hosts() == 1:
        return value
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    size = int(backend.from_first(np.array(len(text), np.int32)))
    if not is_first():
        text = np.zeros(size, np.uint8)
    return json.loads(np.asarray(backend.from_first(text)).tobytes())


def check_same(config: Configuration) -> None:
    """Raises unless all processes are to train the same.

    Raises:
        ValueError: On a process that was given something else.
    """
    first = Configuration.model_validate(agreed(config.model_dump(mode="json")))
    differences = first.differences(config)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:10])
        raise ValueError(
            "All hosts must train the same: give them the same command, and "
            f"the same data. Host {backend.host()} differs from host 0 in\n"
            f"{listed}"
        )


def own_copy(model: keras.Model, build: Callable[[], Any]) -> Any:
    """The model that the first process writes, scores and draws with.

    Args:
        model: The model that is trained.
        build: Makes another one like it.

    Returns:
        The model itself if there is one process; on the others `None`.
    """
    if backend.num_hosts() == 1:
        return model
    if not is_first():
        return None
    with backend.alone():
        return build()


def spread(copy: Any, model: keras.Model, record: Record) -> Record:
    """Brings all processes to where the first one is.

    Args:
        copy: As of `own_copy`.
        model: The model that is trained; it takes all values of the copy.
        record: What the first process has recorded.

    Returns:
        The record; on the others the steps alone.
    """
    if backend.num_hosts() == 1:
        return record
    values = [np.asarray(v) for v in _variables(copy or model)]
    for variable, value in zip(
        _variables(model), backend.from_first(values), strict=True
    ):
        variable.assign(value)
    steps = agreed([row["step"] for row in record.rows])
    return record if is_first() else Record([{"step": s} for s in steps])


class OnFirst(keras.callbacks.Callback):
    """Callbacks that only the first process has, and that see its copy.

    What they change in the copy is lost, but for `stop_training`, which the
    others are told at the end of an epoch. What they log, the others lack.

    Args:
        callbacks: The callbacks; none on the other processes.
        copy: As of `own_copy`.
        record: What was recorded so far. The callbacks add to it; on the other
            processes this one does.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        copy: Any,
        record: Record,
    ) -> None:
        super().__init__()
        self.copy = copy
        self.record = record
        self._list = keras.callbacks.CallbackList(callbacks, model=copy)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._list.set_params(params)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._list.on_train_begin(logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._list.on_train_end(logs)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._list.on_train_batch_begin(batch, logs)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._list.on_train_batch_end(batch, logs)

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._list.on_epoch_begin(epoch, logs)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if is_first():
            with backend.alone():
                pairs = zip(
                    _variables(self.copy), _variables(self.model), strict=True
                )
                for variable, trained in pairs:
                    variable.assign(np.asarray(trained))
                self._list.on_epoch_end(epoch, logs)
        else:
            step = self.record.step + self.params["steps"]
            self.record.rows.append({"step": float(step)})
        stops = getattr(self.copy, "stop_training", False)
        self.model.stop_training = agreed(bool(stops))


def _variables(model: Any) -> list[Any]:
    """All that a checkpoint has, and the metrics."""
    return [*model.variables, *model.optimizer.variables]
