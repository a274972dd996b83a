"""Claims of runs: one owner, seen alive or not."""

import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from keras_qlae.comparing.claims import claimed

pytestmark = pytest.mark.backend_free


def test_one_at_a_time_and_given_back(tmp_path):
    path = tmp_path / "claims" / "0"
    with claimed(path, expiry=2.0) as first:
        assert first
        with claimed(path, expiry=2.0) as second:
            assert not second  # its owner was seen alive
        assert path.exists()
    assert not path.exists()
    with claimed(path) as again:
        assert again


def owned_by(path, host, pid, age=0.0):
    path.mkdir(parents=True)
    owner = {"host": host, "pid": pid}
    (path / "owner.json").write_text(json.dumps(owner))
    then = os.stat(path).st_mtime - age
    os.utime(path, (then, then))


def test_of_an_ended_process_of_this_machine_it_is_taken_at_once(tmp_path):
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    owned_by(tmp_path / "0", socket.gethostname(), ended.pid)
    with claimed(tmp_path / "0") as ours:
        assert ours


def test_of_another_machine_it_is_taken_when_it_has_expired(tmp_path):
    owned_by(tmp_path / "0", "elsewhere", 1, age=60)
    with claimed(tmp_path / "0", expiry=30) as ours:
        assert ours
        owner = json.loads((tmp_path / "0" / "owner.json").read_text())
        assert owner["host"] == socket.gethostname()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}'])
def test_an_owner_that_cannot_be_read_has_to_expire(content, tmp_path):
    path = tmp_path / "0"
    path.mkdir()
    (path / "owner.json").write_text(content)
    with claimed(path, expiry=0.5) as ours:
        assert ours


def test_of_many_that_want_an_expired_one_one_gets_it(tmp_path):
    owned_by(tmp_path / "0", "elsewhere", 1, age=60)
    start, end = threading.Barrier(8), threading.Event()
    got = []

    def want():
        start.wait()
        with claimed(tmp_path / "0", expiry=4) as ours:
            got.append(ours)
            if ours:
                end.wait(20)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and len(got) < 8:
            thread.join(0.1)
    end.set()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    assert not list(tmp_path.iterdir())
