"""Searches that are killed, and trials in processes of their own."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from keras_qlae import runs
from keras_qlae.runs import execution
from keras_qlae.tuning.record import Record
from tests.tuning.small import SETTINGS
from tests.tuning.small import search

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.slow,
    pytest.mark.usefixtures("quick_python"),
]
PYTHON = sys.executable


def test_killed_in_mid_trial_it_ends_as_if_it_had_not_been(
    whole_search, tmp_path
):
    """The command itself, with -9."""
    whole, path = whole_search[0], tmp_path / "search"
    command = [PYTHON, "-m", "keras_qlae", "tune", "--trials=2"]
    command += [f"--directory={path}"]
    command += [f"--{name}={value}" for name, value in SETTINGS.items()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    saved = path / "trials" / "trial-01" / "checkpoint" / "epoch-00001"
    while not saved.exists():
        assert process.poll() is None, "ended before the kill"
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    first = path / "trials" / "trial-00" / "model.keras"
    before = first.stat().st_mtime_ns
    epoch = saved.stat().st_mtime_ns
    assert [a.trial for a in Record.read(path / "search.json").unfinished] == [
        1
    ]
    subprocess.run(
        [sys.executable, *command[1:]], check=True, stdout=subprocess.DEVNULL
    )
    assert first.stat().st_mtime_ns == before
    assert saved.stat().st_mtime_ns == epoch  # it went on from there
    for name in ("results.csv", "results.md", "trials/trial-01/metrics.csv"):
        assert (path / name).read_bytes() == (whole / name).read_bytes()


def test_trials_side_by_side_have_the_values_of_trials_one_by_one(
    whole_search, tmp_path
):
    path, rows = tmp_path / "search", search(tmp_path / "search", parallel=2)
    assert {row["status"] for row in rows} == {"COMPLETED"}
    alone = Record.read(whole_search[0] / "search.json").asked
    assert Record.read(path / "search.json").asked == alone
    log = path / "trials" / "trial-01.log"
    assert "epoch 2  step 4" in log.read_text()
    assert runs.RunDirectory(path / "best").is_finished


def test_a_killed_trial_stops_the_search_and_is_tried_again(tmp_path):
    """Killed from outside, as for want of memory."""
    path = tmp_path / "search"

    def kill():
        begun = path / "trials" / "trial-00" / "config.json"
        while not begun.exists():
            time.sleep(0.02)
        for process in list(execution._processes.values()):
            process.kill()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    with pytest.raises(RuntimeError, match=r"from outside \(signal SIGKILL"):
        search(path, trials=1, parallel=2)
    thread.join()
    assert [row["status"] for row in search(path, trials=1)] == ["COMPLETED"]
