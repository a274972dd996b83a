"""Makes Ctrl-C stop training on every backend."""

import gc
import signal
import threading
from types import FrameType
from typing import Any
from typing import Self

import keras


class Interrupts(keras.callbacks.Callback):
    """Stops `fit` at the next batch when Ctrl-C was pressed.

    Keras converts logs to numbers under an `except` that catches everything.
    On JAX the program waits for a step just there, and one
    `KeyboardInterrupt` in three is lost. This callback remembers the signal
    and raises it again. Where Python collects garbage it only remembers it:
    there an exception is printed and lost.

    Use it as a context around `fit`, and give it to `fit`:

        with Interrupts() as interrupts:
            model.fit(data, callbacks=[interrupts])

    Outside the main thread, where Python handles no signals, it does nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.was_interrupted = False
        self._previous: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
        if kind is None:  # in the last batch
            self._raise_again()

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._raise_again()

    def on_test_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._raise_again()

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._raise_again()

    def _raise_again(self) -> None:
        if self.was_interrupted:
            raise KeyboardInterrupt

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.was_interrupted = True
        if not _collects_garbage(frame):
            raise KeyboardInterrupt


def _collects_garbage(frame: FrameType | None) -> bool:
    """Whether Python called what runs, as JAX's clean-up of its memory."""
    called = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code in called or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
