"""A slow worker and its successor do not get in each other's way."""

import pytest

from keras_qlae.tuning.attempts import Attempt
from keras_qlae.tuning.attempts import StopIfOutdated

pytestmark = pytest.mark.backend_free


def write(attempt, text):
    (attempt.path / "run").mkdir(parents=True)
    (attempt.path / "run" / "model.keras").write_text(text)


def test_the_last_to_begin_is_the_one_that_counts(tmp_path):
    slow = Attempt(tmp_path)
    write(slow, "slow")
    callback = StopIfOutdated(slow)
    callback.on_epoch_end(0)
    assert slow.is_current
    successor = Attempt(tmp_path)
    with pytest.raises(RuntimeError, match="was given to another worker"):
        callback.on_epoch_end(1)
    write(successor, "successor")
    with pytest.raises(RuntimeError, match="its result is left out"):
        slow.publish()
    successor.publish()
    assert (tmp_path / "run" / "model.keras").read_text() == "successor"
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {"run", "attempt"}


def test_a_repeated_trial_replaces_the_run_of_a_killed_one(tmp_path):
    for text in ("killed before it was told to the chief", "repeated"):
        attempt = Attempt(tmp_path)
        write(attempt, text)
        attempt.publish()
    assert (tmp_path / "run" / "model.keras").read_text() == "repeated"


def test_a_disk_that_is_away_is_no_reason_to_stop(tmp_path):
    attempt = Attempt(tmp_path)
    (tmp_path / "attempt").unlink()
    attempt.check()
