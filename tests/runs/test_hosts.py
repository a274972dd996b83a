"""Two processes of JAX train as one, and go on after they were killed."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time

import keras
import pytest

from tests.cli.test_cli import call

SETTINGS = (
    *("--image-size=8", "--steps=50", "--steps-per-epoch=5", "--batch-size=8"),
    *("--num-scored=200", "--num-latents=4", "--num-values=3", "--quiet"),
)
on_jax = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="Keras has several hosts on JAX"
)


def begin(path, *options, **environment):
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "keras_qlae", "train", *SETTINGS),
            *(f"--directory={path}", *options),
        ],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def begin_both(path, *of_the_second):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:{1}".format(*free.getsockname())
    options = ("--hosts=2", f"--coordinator={address}")
    return [
        begin(path, *options, "--host=0"),
        begin(path, *options, "--host=1", *of_the_second),
    ]


def begin_both_on_slurm(path):
    step = {
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_NTASKS": "2",
        "SLURM_STEP_NODELIST": "127.0.0.1",
    }
    return [
        begin(path, "--hosts=slurm", SLURM_PROCID=k, SLURM_LOCALID=k, **step)
        for k in ("0", "1")
    ]


def ended(processes, seconds=240):
    """Their outputs and exit codes."""
    texts = [process.communicate(timeout=seconds)[0] for process in processes]
    return texts, [process.returncode for process in processes]


def wait_for(path, process):
    deadline = time.monotonic() + 240
    while not path.exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def rows(run):
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@on_jax
@pytest.mark.slow
@pytest.mark.usefixtures("quick_python")
def test_two_train_as_one_and_go_on_after_kills(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    texts, codes = ended([begin(one)])
    assert codes == [0], texts
    first, second = begin_both(two)
    wait_for(two / "checkpoint" / "epoch-00001", first)
    second.kill()
    (text, _), codes = ended([first, second])
    assert codes == [1, -signal.SIGKILL], text
    assert text.count("Another process of this training ended") == 1
    assert "Traceback" not in text
    done = len(rows(two))
    assert 1 <= done < 9
    both = begin_both(two)
    wait_for(two / "checkpoint" / f"epoch-{done + 1:05d}", both[0])
    for process in both:
        process.kill()
    texts, codes = ended(both)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL], texts
    assert done < len(rows(two)) < 10
    texts, codes = ended(begin_both_on_slurm(two))
    assert codes == [0, 0], texts
    assert "Report and figures" in texts[0]
    assert "epoch" not in texts[1]
    found = [{path.name for path in run.iterdir()} for run in (one, two)]
    assert found[0] == found[1]
    assert len(rows(one)) == 10
    for alone, together in zip(rows(one), rows(two), strict=True):
        assert list(alone) == list(together)
        for name, value in alone.items():
            assert float(together[name]) == pytest.approx(
                float(value), abs=1e-5
            ), name


@on_jax
@pytest.mark.usefixtures("quick_python")
def test_all_must_train_the_same(tmp_path):
    path = tmp_path / "run"
    texts, codes = ended(begin_both(path, "--seed=1"))
    assert codes == [1, 1], texts
    assert "Host 1 differs from host 0 in\n  seed" in texts[1]
    assert "Another process of this training ended" in texts[0]
    assert not path.exists()


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="it has several hosts"
)
def test_other_backends_have_one_host(tmp_path):
    path = tmp_path / "run"
    result = call(
        *("train", f"--directory={path}", "--hosts=2", "--host=0"),
        "--coordinator=127.0.0.1:1234",
    )
    assert result.exit_code == 1
    assert "on several hosts only on JAX" in result.output
    assert not path.exists()


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hosts=1"], "'slurm' or at least 2, not '1'"),
        (["--hosts=2", "--host=1"], "needs --host"),
        (["--host=1"], "are for --hosts N"),
        (["--hosts=slurm", "--host=0"], "are for --hosts N"),
        (
            ["--hosts=2", "--host=2", "--coordinator=a:1"],
            "--host must be below 2",
        ),
        (
            ["--hosts=2", "--host=1", "--coordinator=a"],
            "an address and a port",
        ),
    ],
)
def test_options_that_do_not_fit(options, message):
    result = call("train", *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
