"""Complete comparisons: their files, and runs skipped, killed or failed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_qlae.comparing import Contender
from keras_qlae.comparing import Study
from keras_qlae.comparing import compare
from keras_qlae.comparing.planned import runs_of
from keras_qlae.runs import execution
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.execution import Task

pytestmark = [
    pytest.mark.one_backend,
    pytest.mark.usefixtures("quick_python"),
]
PYTHON = sys.executable

SETTINGS = {
    "image_size": 16,
    "steps": 4,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_scored": 100,
    "num_latents": 3,
}
TABLES = ("results.csv", "table.md", "table.csv", "table.tex")
QLAE = Contender("qlae", "qlae", SETTINGS | {"num_values": 3})
ICA = Contender("ae-ica", "ae", SETTINGS, "ica")
UNFIT = SETTINGS | {"image_size": 17}  # no decoder of the package makes it


@pytest.fixture(scope="module")
def finished(tmp_path_factory, quick_python):
    """A comparison that was never interrupted, and its rows."""
    path = tmp_path_factory.mktemp("comparing") / "whole"
    return path, compare(Study([QLAE, ICA]), path)


@pytest.fixture
def no_process(monkeypatch):
    """Fails a test that starts a run."""

    def refuse(*args, **kwargs):
        pytest.fail("a run was started")

    monkeypatch.setattr(execution.subprocess, "Popen", refuse)


def texts(path):
    return {name: (path / name).read_text() for name in TABLES}


@pytest.mark.slow
def test_leaves_runs_and_tables(finished):
    path, rows = finished
    assert [row["status"] for row in rows] == ["finished"] * 2
    qlae = RunDirectory(path / "room3d" / "qlae" / "seed-0")
    assert qlae.is_finished
    scores = json.loads(qlae.scores.read_text())
    for name in ("infom", "infoe", "infoc", "psnr"):
        assert rows[0][name] == scores[name]
    assert rows[0]["active"] == scores["num_active"]
    assert "epoch 2  step 4" in qlae.path.with_name("seed-0.log").read_text()
    assert f"{scores['psnr']:.2f}" in (path / "table.md").read_text()
    assert (path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    report = (path / "report.html").read_text(encoding="utf-8")
    assert "Side by side" in report
    assert report.count("data:image/webp") == report.count('"picture":')
    for link in re.findall(r'href="([^#"]+)"', report):
        assert (path / link).name == "report.html"
        assert (path / link).exists()
    assert "seed-0/report.html" in report


@pytest.mark.slow
def test_rotated_run_has_scores_of_its_own(finished):
    path, rows = finished
    run = RunDirectory(path / "room3d" / "ae-ica" / "seed-0")
    source = RunDirectory(run.path / "unrotated")
    own, plain = (json.loads(r.scores.read_text()) for r in (run, source))
    assert own["psnr"] == plain["psnr"] == rows[1]["psnr"]
    assert own["infom"] != plain["infom"]
    # A logistic regression does not see a rotation.
    assert own["infoe"] == pytest.approx(plain["infoe"], abs=1e-3)
    assert set(plain) <= set(own)
    rotated, trained = run.read_config(), source.read_config()
    assert rotated.differences(trained) == ["rotate: ica there, None asked for"]


@pytest.mark.slow
def test_finished_runs_are_not_repeated(finished, no_process):
    path, rows = finished
    before = texts(path)
    assert compare(Study([QLAE, ICA]), path, jobs=2) == rows
    assert texts(path) == before


@pytest.mark.slow
def test_other_settings_are_refused_before_any_run(finished, no_process):
    path, _ = finished
    other = Contender("qlae", "qlae", QLAE.settings | {"weight_decay": 0.7})
    new = Contender("new", "ae", SETTINGS)
    with pytest.raises(ValueError, match=r"weight_decay: 0\.3 there, 0\.7"):
        compare(Study([new, other]), path)
    other = Contender("ae-ica", "ae", SETTINGS)
    with pytest.raises(ValueError, match="rotate: ica there, None"):
        compare(Study([other]), path)


@pytest.mark.backend_free
def test_one_comparison_at_a_time(tmp_path, no_process):
    with (
        RunDirectory(tmp_path).locked(),
        pytest.raises(RuntimeError, match="Another process"),
    ):
        compare(Study([QLAE]), tmp_path)


@pytest.mark.backend_free
def test_callbacks_are_named_in_the_tasks(tmp_path, no_process):
    study = Study([QLAE, ICA])
    names = ["mlflow", "json:JSONDecoder"]
    planned = runs_of(study, tmp_path, "float32", names)
    for each in planned:
        assert each.task.callbacks == names
        assert Task(**json.loads(json.dumps(vars(each.task)))) == each.task
    with pytest.raises(ValueError, match="Did you mean 'mlflow'"):
        compare(study, tmp_path / "runs", callbacks=["mflow"])
    assert not (tmp_path / "runs").exists()


@pytest.mark.backend_free
def test_a_data_set_that_is_not_prepared_is_said_first(
    tmp_path, monkeypatch, no_process
):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(FileNotFoundError, match="datasets prepare mpi3d"):
        compare(Study([QLAE], ["room3d", "mpi3d"]), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_others(
    finished, light_processes, tmp_path, capsys
):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    study = Study(
        [
            Contender("unfit", "ae", UNFIT),
            Contender("unfit-ica", "ae", UNFIT, "ica"),
            QLAE,
        ]
    )
    rows = compare(study, tmp_path)
    states = [row["status"] for row in rows]
    assert states == ["failed", "failed", "finished"]
    output = capsys.readouterr().out
    assert "FAILED unfit on room3d, seed 0 (exit code 3)" in output
    assert "ValueError" in output
    assert "the run it rotates failed" in output
    table = (tmp_path / "table.md").read_text()
    assert "| unfit | 0 of 1 | - | - | - | - |" in table
    assert "Failed: unfit on room3d, seed 0; unfit-ica on" in table


def killed_when(command, path, whole_group):
    """Starts the command, and kills it with -9 when a path appears."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not path.exists():
        assert process.poll() is None, f"ended before {path} was there"
        time.sleep(0.02)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_five_times_it_ends_with_the_same_tables(
    finished, light_processes, tmp_path
):
    """The command itself; once the runs are killed with it."""
    command = ["-m", "keras_qlae", "compare", "qlae", "ae-ica"]
    command.append(f"--directory={tmp_path}")
    settings = SETTINGS | {"num_values": 3}  # `ae-ica` goes without it
    command += [f"--{name}={value}" for name, value in settings.items()]
    qlae = tmp_path / "room3d" / "qlae" / "seed-0"
    ae = tmp_path / "room3d" / "ae-ica" / "seed-0" / "unrotated"
    for path, whole_group in (
        (qlae.with_name("seed-0.log"), False),
        (qlae / "checkpoint" / "epoch-00001", False),
        (qlae / "model.keras", True),
        (ae / "checkpoint" / "epoch-00001", False),
        (ae / "report.md", False),
    ):
        # A process of `quick_python` is in no group with its caller.
        python = PYTHON if whole_group else sys.executable
        killed_when([python, *command], path, whole_group)
    subprocess.run(
        [sys.executable, *command], check=True, stdout=subprocess.DEVNULL
    )
    assert texts(tmp_path) == texts(finished[0])


@pytest.mark.slow
@pytest.mark.backend_free
def test_a_folder_of_images_without_factors(light_processes, tmp_path):
    """Trained in the comparison's directory, and shown with PSNR only."""
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3))
    for i, image in enumerate(images.astype(np.uint8)):
        Image.fromarray(image).save(photos / f"{i}.png")
    settings = SETTINGS | {"num_scored": 8}
    contenders = [
        Contender("ae", "ae", settings),
        Contender("ae-ica", "ae", settings, "ica"),
    ]
    path = tmp_path / "comparison"
    rows = compare(Study(contenders, [str(photos)]), path)
    assert [row["status"] for row in rows] == ["finished"] * 2
    assert [row["infom"] for row in rows] == [None, None]
    assert rows[0]["psnr"] == rows[1]["psnr"] > 0
    assert (path / "photos" / "ae" / "seed-0" / "report.md").exists()
    assert sorted(f.suffix for f in photos.iterdir()) == [".png"] * 40
    assert "| ae | 1 | - | - | - | **" in (path / "table.md").read_text()
