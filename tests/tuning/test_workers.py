"""What workers do while the chief or the disk is away."""

import time

import grpc
import pytest

from keras_qlae.tuning import workers

pytestmark = pytest.mark.backend_free


class Failed(grpc.RpcError):
    def __init__(self, code):
        self.code = lambda: code
        self.details = lambda: "Exception calling application: disk full"


class Client:
    """A chief that is killed in the middle of the first call."""

    objective = "score"

    def __init__(self, code):
        self.code = code
        self.calls = 0

    def create_trial(self, tuner_id):
        self.calls += 1
        if self.calls == 1:
            raise Failed(self.code)
        return tuner_id


def test_a_call_to_a_chief_that_dies_is_made_again(monkeypatch):
    monkeypatch.setattr(workers, "_RETRY", 0.01)
    client = Client(grpc.StatusCode.UNAVAILABLE)
    patient = workers.PatientClient(client)
    assert patient.create_trial("me") == "me"
    assert client.calls == 2
    assert patient.objective == "score"


def test_an_error_of_the_chief_is_told():
    client = workers.PatientClient(Client(grpc.StatusCode.UNKNOWN))
    with pytest.raises(RuntimeError, match=r"could not answer.*disk full"):
        client.create_trial("me")


def test_a_disk_that_fails_for_a_while_ends_no_watch(capsys):
    calls = []

    def action():
        calls.append(1)
        if len(calls) < 3:
            raise OSError("Stale file handle")

    workers.repeat(action, 0.01)
    deadline = time.monotonic() + 20
    while len(calls) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(calls) >= 4
    assert capsys.readouterr().err == "Stale file handle. Trying again.\n"


def test_a_worker_without_a_chief_says_so(tmp_path):
    with pytest.raises(TimeoutError, match="No chief wrote"):
        workers.wait_for_file(tmp_path / "tuner.json", 0.01)
    (tmp_path / "tuner.json").touch()
    workers.wait_for_file(tmp_path / "tuner.json", 0.01)
