"""Ctrl-C stops training, also where Keras swallows the exception."""

import contextlib
import gc
import os
import signal
import threading

import keras
import numpy as np
import pytest

from keras_qlae.callbacks import Interrupts


class PressesIn(keras.callbacks.Callback):
    """Presses Ctrl-C in a batch, under an `except` that catches everything."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)
        if batch == self.batch:
            with contextlib.suppress(BaseException):
                os.kill(os.getpid(), signal.SIGINT)


def fit(callbacks, epochs=2):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((40, 2), "float32")
    model.fit(
        *(x, x[:, :1]),
        batch_size=4,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
    )


def test_a_swallowed_interrupt_is_raised_at_the_next_batch():
    presses = PressesIn(3)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        fit([interrupts, presses])
    assert presses.seen == [0, 1, 2, 3]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_in_the_last_batch_stops_the_next_epoch():
    presses = PressesIn(9)
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        fit([interrupts, presses])
    assert len(presses.seen) == 10


def test_an_interrupt_in_the_last_batch_of_all_is_raised_after_fit():
    presses = PressesIn(9)
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        fit([interrupts, presses], epochs=1)
    assert len(presses.seen) == 10


class Finalized:
    """Presses Ctrl-C when Python deletes it."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("where", ["a callback", "a finalizer"])
def test_where_garbage_is_collected_it_waits_for_the_next_batch(where, capsys):
    """Python prints an exception there, with its traceback, and goes on."""

    def presses(phase, info):
        if phase == "stop":
            os.kill(os.getpid(), signal.SIGINT)

    with Interrupts() as interrupts:
        if where == "a callback":
            gc.callbacks.append(presses)
            gc.collect()
            gc.callbacks.remove(presses)
        else:
            Finalized()
        assert interrupts.was_interrupted
        with pytest.raises(KeyboardInterrupt):
            fit([interrupts])
        interrupts.was_interrupted = False
    assert capsys.readouterr().err == ""


def test_another_error_is_not_replaced():
    interrupts = Interrupts()
    interrupts.was_interrupted = True
    with pytest.raises(ZeroDivisionError), interrupts:
        raise ZeroDivisionError


def test_in_another_thread_nothing_is_changed():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def train():
        with Interrupts() as interrupts:
            seen.append(signal.getsignal(signal.SIGINT))
            fit([interrupts])

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert seen == [before]
