"""The progress of a run, as a person sees it."""

import io

import numpy as np
import pytest

from keras_qlae.callbacks import Progress

pytestmark = pytest.mark.one_backend


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def train(progress, epochs=2, steps=40):
    progress.on_train_begin()
    for epoch in range(epochs):
        progress.on_epoch_begin(epoch)
        for step in range(steps):
            progress.on_train_batch_end(step, {"loss": np.float32(0.25)})
        progress.on_epoch_end(
            epoch, {"loss": 0.5, "val_psnr": 21.5, "val_infom": 0.75}
        )
    progress.on_train_end()


def test_a_line_an_epoch(capsys):
    train(Progress(100, start_step=20, bar=False))
    assert capsys.readouterr().out.splitlines() == [
        "epoch 1  step 60  loss 0.5000  PSNR 21.50  InfoM 0.750",
        "epoch 2  step 100  loss 0.5000  PSNR 21.50  InfoM 0.750",
    ]


def test_bar_counts_the_whole_run_and_shows_scores(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    train(Progress(100, start_step=20))
    drawn = terminal.getvalue()
    assert "20/100" in drawn
    assert "100/100" in drawn
    assert "InfoM 0.750" in drawn


def test_no_bar_where_there_is_no_terminal(capsys):
    train(Progress(100, start_step=20))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("bar", [True, False])
def test_in_fit(small_model, capsys, bar):
    images = np.zeros((20, 8, 8, 1), "uint8")
    progress = Progress(4, bar=bar)
    small_model.fit(
        images, batch_size=10, epochs=2, verbose=0, callbacks=[progress]
    )
    assert progress.step == 4
    assert capsys.readouterr().out.count("loss") == 2
