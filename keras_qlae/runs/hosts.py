"""Several processes that train one model, each on its own host.

All do the same steps, each on its share of every batch. The first process also
reads and writes the run directory, scores and draws. It does so with its own
copy of the model, since all processes must take part in a computation with
arrays that are spread over them.
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
    """Returns the value of the first process, plain values, on all processes.

    Every process must call this, and waits for the others.
    """
    if backend.num_hosts() == 1:
        return value
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    size = int(backend.from_first(np.array(len(text), np.int32)))
    if not is_first():
        text = np.zeros(size, np.uint8)
    return json.loads(np.asarray(backend.from_first(text)).tobytes())


def check_same(config: Configuration) -> None:
    """Raises unless all processes have the same configuration."""
    first = Configuration.model_validate(agreed(config.model_dump(mode="json")))
    differences = first.differences(config)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:10])
        raise ValueError(
            "All hosts must train the same: start the same command with the "
            f"same data on each. Host {backend.host()} differs from host 0 in\n"
            f"{listed}"
        )


def own_copy(model: keras.Model, build: Callable[[], Any]) -> Any:
    """Returns the model that the first process writes, scores and draws with.

    It is `model` itself if there is only one process, and what `build` makes if
    there are several. `None` on all processes but the first.
    """
    if backend.num_hosts() == 1:
        return model
    if not is_first():
        return None
    with backend.alone():
        return build()


def spread(copy: Any, model: keras.Model, record: Record) -> Record:
    """Gives all processes the weights of the first one's copy, and its record.

    The other processes get only the steps of the record.
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
    """Runs callbacks on the first process only, with its copy of the model.

    What they change in the copy is lost, except `stop_training`, which the
    other processes get at the end of an epoch. The other processes do not have
    what they log. The callbacks add to the record on the first process, and
    this class does on the others.
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
    """All variables of a checkpoint, and those of the metrics."""
    return [*model.variables, *model.optimizer.variables]
