"""A study as a job array, with a replacement for Slurm's `sbatch`."""

import csv
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from keras_qlae import comparing
from keras_qlae.cli.main import main
from keras_qlae.comparing.array import tasks_of
from keras_qlae.comparing.planned import runs_of

pytestmark = [
    pytest.mark.one_backend,
    pytest.mark.usefixtures("light_processes"),
]
PYTHON = sys.executable

OPTIONS = [
    *("--seeds=0-1", "--image-size=16", "--steps=4", "--steps-per-epoch=2"),
    *("--batch-size=8", "--num-scored=100", "--num-latents=3"),
]
MODELS = ("qlae", "ae", "ae-ica")
# Starts the tasks of an array at once, the last first. The first is killed
# after its first checkpoint and begun again, as if requeued; the second is
# begun twice. A job that depends on others waits for their processes.
SBATCH = """#!/usr/bin/env python
import os, re, signal, subprocess, sys, time
from pathlib import Path

here = Path(os.environ["SBATCH_STATE"])
options = dict(
    word[2:].partition("=")[::2] for word in sys.argv[1:] if word[:2] == "--"
)
script = [word for word in sys.argv[1:] if word[:2] != "--"]
if "array" in options:
    last = int(options["array"].partition("-")[2])

    def begin(task, log):
        return subprocess.Popen(
            ["bash", *script], stdout=log.open("ab"), stderr=subprocess.STDOUT,
            env=os.environ | {"SLURM_ARRAY_TASK_ID": str(task)},
        )

    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        jobs = [begin(i, here / f"{i}.out") for i in range(last, -1, -1)]
        jobs.append(begin(1, here / "1-again.out"))
        saved = here / "runs/room3d/qlae/seed-0/checkpoint/epoch-00001"
        while not saved.exists() and jobs[last].poll() is None:
            time.sleep(0.02)
        jobs[last].send_signal(signal.SIGKILL)
        jobs.append(begin(0, here / "0-requeued.out"))
        codes = [job.wait() for job in jobs]
        (here / "codes").write_text(repr(codes))
        os._exit(0)
    print("7;cluster")
else:
    assert options["dependency"] == "afterany:7"
    while not (here / "codes").exists():
        time.sleep(0.05)
    sys.exit(subprocess.call(["bash", *script]))
"""


def rows_of(path):
    with (path / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def study():
    contenders = [comparing.contender_of(name, {}) for name in MODELS]
    return comparing.Study(contenders, seeds=[0, 1])


def test_a_run_and_its_rotation_are_one_task(tmp_path):
    planned = runs_of(study(), tmp_path, "float32")
    tasks = tasks_of(planned)
    names = [[each.contender.name for each in task] for task in tasks]
    assert names == [["qlae"]] * 2 + [["ae", "ae-ica"]] * 2
    assert sorted(map(id, planned)) == sorted(id(e) for t in tasks for e in t)


def test_a_task_that_there_is_not(tmp_path):
    with pytest.raises(ValueError, match="has 4 tasks, from 0 to 3"):
        comparing.do_task(study(), tmp_path, 4)


@pytest.mark.slow
def test_a_failed_task_reports_why(tmp_path):
    unfit = comparing.Contender("unfit", "ae", {"image_size": 17, "steps": 1})
    with pytest.raises(RuntimeError, match=r"FAILED unfit .*exit code 3"):
        comparing.do_task(comparing.Study([unfit]), tmp_path, 0)
    assert not list((tmp_path / ".claims").iterdir())


@pytest.mark.slow
def test_in_any_order_killed_and_begun_twice_the_tables_are_the_same(
    tmp_path, monkeypatch
):
    alone = tmp_path / "alone"
    command = ["compare", *MODELS, *OPTIONS]
    done = CliRunner().invoke(main, [*command, f"--directory={alone}"])
    assert done.exit_code == 0, done.output
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(SBATCH.replace("/usr/bin/env python", PYTHON))
    sbatch.chmod(0o755)
    state = tmp_path / "shared"
    state.mkdir()
    monkeypatch.setenv("PATH", f"{sbatch.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SBATCH_STATE", str(state))
    command += [f"--directory={state / 'runs'}"]
    script = state / "study.sh"
    done = CliRunner().invoke(main, [*command, f"--write-slurm={script}"])
    assert done.exit_code == 0, done.output
    assert "4 tasks" in done.output
    assert not (state / "runs").exists()
    early = CliRunner().invoke(main, [*command, "--gather"])
    assert early.exit_code == 1
    assert "6 of 6 runs are not finished" in early.output
    subprocess.run(["bash", str(script)], check=True, stdout=subprocess.DEVNULL)
    for name in ("results.csv", "table.md", "table.csv", "table.tex"):
        there = (state / "runs" / name).read_text()
        assert there == (alone / name).read_text(), name
    assert not list((state / "runs" / ".claims").iterdir())
    again = (state / "1-again.out").read_text()
    assert again in ("", "Another process is doing task 1.\n")
