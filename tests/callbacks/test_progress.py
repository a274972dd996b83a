"""The progress of a run, as a person sees it."""

import io
import types

import numpy as np
import pytest

from keras_qlae.callbacks import Progress
from keras_qlae.callbacks.progress import duration

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


def timed(monkeypatch, progress, seconds, epochs, steps):
    """Trains on a clock: compiling takes 9 s, a step `seconds`, an epoch 4."""
    now = [100.0]
    clock = types.SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr("keras_qlae.callbacks.progress.time", clock)
    progress.on_train_begin()
    now[0] += 9.0
    for epoch in range(epochs):
        progress.on_epoch_begin(epoch)
        for step in range(steps):
            now[0] += seconds
            progress.on_train_batch_end(step, {"loss": np.float32(0.25)})
        now[0] += 4.0
        progress.on_epoch_end(epoch, {"loss": 0.5})
    progress.on_train_end()


def test_the_expected_time_is_measured_and_shown_soon(capsys, monkeypatch):
    progress = Progress(12_000, bar=False)
    timed(monkeypatch, progress, 0.0625, epochs=2, steps=1000)
    told, *epochs = capsys.readouterr().out.splitlines()
    # After 5 steps that are left out, and 32 that take 2 s: 748 s.
    assert told == (
        "about 13 min for 11,963 steps, 62 ms each, plus the scoring of each "
        "epoch"
    )
    # 9 + 62.5 + 4 s for 1,000 steps; 9 + 2 * 66.5 s for 2,000.
    assert epochs[0].endswith("about 14 min left")  # 830 s
    assert epochs[1].endswith("about 12 min left")  # 710 s


def test_scoring_is_not_taken_for_a_step(capsys, monkeypatch):
    """Epochs so short that the first steps are of several."""
    progress = Progress(100_000, bar=False)
    timed(monkeypatch, progress, 0.0625, epochs=9, steps=10)
    assert "ms each" not in capsys.readouterr().out


def test_the_time_of_a_short_run_is_not_worth_a_line(capsys, monkeypatch):
    timed(monkeypatch, Progress(200, bar=False), 0.01, epochs=2, steps=100)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1", "epoch 2"]
    assert not any("left" in line for line in lines)


def test_a_resumed_run_counts_its_own_steps(capsys, monkeypatch):
    progress = Progress(12_000, start_step=6_000, bar=False)
    timed(monkeypatch, progress, 0.0625, epochs=1, steps=1000)
    told, epoch = capsys.readouterr().out.splitlines()
    assert told.startswith("about 7 min for 5,963 steps")
    assert epoch.endswith("about 7 min left")  # 5,000 steps of 76 ms


def test_durations_are_rounded_up():
    assert duration(10) == "20 s"
    assert duration(52) == "1 min"
    assert duration(3599) == "1 h 0 min"
    assert duration(90 * 60) == "1 h 31 min"
