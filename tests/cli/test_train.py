"""`keras-qlae train` from files and from other runs."""

import json
import os
import re
import shutil
import tomllib

import keras
import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import configuring
from keras_qlae.runs import exporting
from keras_qlae.runs import reporting
from tests.cli.test_cli import SMALL
from tests.cli.test_cli import call
from tests.hostile.tools import is_short

pytestmark = pytest.mark.one_backend


def lighten(monkeypatch):
    """Leaves out figures and export: they take seconds."""
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])
    monkeypatch.setattr(reporting, "write_page", lambda *_: True)


@pytest.fixture(autouse=True)
def light_runs(monkeypatch):
    lighten(monkeypatch)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that is not the default in anything."""
    path = tmp_path_factory.mktemp("train") / "run"
    with pytest.MonkeyPatch.context() as patch:
        lighten(patch)
        result = call(
            *("train", f"--directory={path}", "--seed=5", *SMALL),
            *("--weight-decay=0.123456789", "--steps-per-epoch=1"),
        )
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def run(trained, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(trained, path)
    return path


def printed(*arguments):
    """The output of `--print-config`."""
    result = call("train", "--print-config", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_resume_needs_no_options_and_accepts_more_steps(run):
    result = call("train", "--resume", str(run), "--quiet")
    assert result.exit_code == 0, result.output
    assert "is a finished run" in result.output
    result = call("train", "--resume", str(run), "--quiet", "--steps=4")
    assert result.exit_code == 0, result.output
    config = runs.RunDirectory(run).read_config()
    assert config.seed == 5
    assert config.setting("training", "steps") == 4
    assert config.setting("optimizer", "weight_decay") == 0.123456789
    assert runs.RunDirectory(run).read_metrics()["step"] == [1, 2, 3, 4]
    result = call("train", "--resume", str(run), "--steps=3")
    assert "training.steps: 4 there, 3 asked for" in result.output
    result = call("train", "--resume", str(run), "--recipe=ae")
    assert "recipe: qlae there, ae asked for" in result.output


def test_resume_continues_a_run_that_was_killed(run):
    directory = runs.RunDirectory(run)
    for path in (directory.report, directory.model, directory.hashes):
        path.unlink()
    shutil.rmtree(directory.checkpoints / "epoch-00002")
    result = call("train", "--resume", str(run), "--quiet")
    assert result.exit_code == 0, result.output
    assert "step 2" in result.output
    assert directory.is_finished


def test_runs_that_cannot_be_resumed(run, tmp_path, monkeypatch):
    result = call("train", "--resume", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "There is no run in" in result.output
    result = call("train", "--resume", str(run), "--directory=x")
    assert result.exit_code == 2
    assert "--resume names the run" in result.output
    (tmp_path / "evil_resume.py").write_text("raise SystemExit('ran')\n")
    monkeypatch.chdir(tmp_path)
    change(run, latent="evil_resume:Latent")
    result = call("train", "--resume", str(run), "--steps=9")
    assert result.exit_code == 1
    assert "--import evil_resume" in result.output
    result = call(
        "train", "--config", str(run / "config.json"), "--directory=new"
    )
    assert "--import evil_resume" in result.output
    assert not (tmp_path / "new").exists()


def change(run, latent=None, **values):
    directory = runs.RunDirectory(run)
    config = read_json(directory.config) | values
    if latent:
        config["settings"]["latent"]["part"] = latent
    write_json(directory.config, config)
    directory.seal()


def test_resume_uses_the_backend_of_the_run(run, monkeypatch):
    other = "jax" if keras.backend.backend() != "jax" else "torch"
    change(run, backend=other)
    begun = []

    def execv(program, arguments):
        begun.append((os.environ["KERAS_BACKEND"], arguments))
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    monkeypatch.setattr("sys.argv", ["keras-qlae", "train", "--resume", "x"])
    call("train", "--resume", str(run))
    ((backend, arguments),) = begun
    assert backend == other
    assert arguments[-2:] == ["--resume", "x"]
    change(run, backend="evil.module")  # it is not imported
    result = call("train", "--resume", str(run))
    assert "There is no backend 'evil.module'" in result.output


@pytest.mark.parametrize("name", recipes.available())
def test_printed_settings_can_be_read_again(name, tmp_path):
    path = tmp_path / "config.toml"
    arguments = ["--seed=3", "--precision=mixed_bfloat16", "--steps=7"]
    path.write_text(printed("--recipe", name, *arguments))
    wanted = configuring.read(path)
    assert wanted.recipe.name == name
    assert (wanted.seed, wanted.precision) == (3, "mixed_bfloat16")
    assert wanted.recipe.to_dict() == recipes.get(name, steps=7).to_dict()


def test_options_are_stronger_than_the_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'recipe = "fsq"\nseed = 3\nsteps = 7\nbatch_size = 16\n'
        'schedule = "none"\n[latent]\nnum_values = 5\n'
    )
    content = tomllib.loads(
        printed("--config", str(path), "--steps=9", "--seed=4")
    )
    assert content["recipe"] == "fsq"
    assert content["seed"] == 4
    assert content["schedule"] == "none"
    assert content["training"]["steps"] == 9
    assert content["training"]["batch_size"] == 16
    assert content["latent"]["num_values"] == 5
    content = tomllib.loads(printed("--config", str(path), "--recipe=qlae"))
    assert content["recipe"] == "qlae"
    assert content["latent"]["part"] == "ScalarCodebookQuantizer"


def test_a_run_is_trained_again_by_its_config(trained, tmp_path):
    path = tmp_path / "again"
    result = call(
        *("train", "--config", str(trained / "config.json")),
        *("--directory", str(path), "--seed=6", "--quiet"),
    )
    assert result.exit_code == 0, result.output
    one, other = (read_json(p / "config.json") for p in (trained, path))
    assert (one.pop("seed"), other.pop("seed")) == (5, 6)
    assert one == other


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--set name=x", "a setting of this name.*Received: '--set'"),
        ("--name x", "'qlae' has no setting of this name.*Received: '--name'"),
        ("--latent.name=x", "setting of this name"),
        ("--num-values x", r"an integer or a list.*--num-values \['x'\]"),
        ("--num-values=1,x", "an integer or a list"),
        ("--num-values=[[1]]", "an integer or a list"),
        ("--num-values=", "one integer, or a list of 12 integers"),
        ("--num-values 1", "an integer of at least 2"),
        ("--num-values 1000000", "at most 100,000 values together"),
        ("--weight-decay nan", "must be a finite number"),
        ("--latent name", "`--latent` must be one of"),
        ("--=x", "a setting of this name"),
    ],
)
def test_settings_that_are_wrong_get_one_short_message(
    options, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = call("train", "--steps=2", "--image-size=16", *options.split())
    assert isinstance(result.exception, SystemExit)  # no traceback
    assert result.exit_code in (1, 2)
    assert re.search(message, result.output), result.output
    assert result.output.startswith("Error: ")
    assert is_short(result.output)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("steps = ", "neither a TOML file nor"),
        ("seed = 'x'", "`seed` must be of type int"),
        ("step = 3", "Did you mean 'steps'"),
        ("recipe = 'qlea'", "Did you mean 'qlae'"),
        ("[latent]\nnum_values = 1", "must be an integer of at least 2"),
    ],
)
def test_errors_in_the_file_name_the_file(
    content, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(content)
    result = call("train", "--config", "mine.toml")
    assert result.exit_code == 1
    assert "mine.toml" in result.output
    assert message in " ".join(result.output.split())
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_files_that_are_no_configuration(run, tmp_path):
    result = call("train", "--config", str(tmp_path / "none.toml"))
    assert "none.toml: No such file" in result.output
    change(run, rotate="ica")
    result = call("train", "--config", str(run / "config.json"))
    assert "rotated" in result.output
    change(run, rotate=None)
    result = call("train", "--recipe=ae", f"--config={run}/config.json")
    assert result.exit_code == 1
    assert "has all settings of the recipe qlae" in result.output


def test_an_npz_file_is_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 10, 10, 1), np.uint8)
    np.savez("mine.npz", images=images, factors=rng.integers(0, 3, (60, 2)))
    arguments = [each for each in SMALL if "num-scored" not in each]
    result = call(
        *("train", "--dataset=mine.npz", "--num-scored=12", *arguments)
    )
    assert result.exit_code == 0, result.output
    run = runs.open_run("runs/qlae-mine-0")
    assert run.config.dataset == str(tmp_path / "mine.npz")
    assert run.dataset.image_shape == (8, 8, 1)  # as asked for
    assert call("evaluate", "runs/qlae-mine-0").exit_code == 0
    assert "images of 8x8x1, 3 latents," in call("show", str(run.path)).output
    os.rename("mine.npz", "moved.npz")
    result = call("evaluate", "runs/qlae-mine-0")
    assert "Give it as `--dataset`" in " ".join(result.output.split())
    for command in (["evaluate"], ["explore", "--no-open"], ["figures"]):
        result = call(*command, "runs/qlae-mine-0", "--dataset=moved.npz")
        assert result.exit_code == 0, result.output
        assert "12 images are scored" not in result.output  # said in training
    images[3] = 255 - images[3]
    np.savez("mine.npz", images=images)
    result = call("evaluate", "runs/qlae-mine-0")
    assert "has changed since the run" in result.output


def test_stopping_prints_how_to_resume(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "train", stop)
    result = call("train", f"--directory={tmp_path}/my run")
    assert result.exit_code == 130
    assert f"keras-qlae train --resume '{tmp_path}/my run'" in result.output
    data = "--dataset=tests.runs.test_data:of_my_own"
    result = call("train", f"--directory={tmp_path}", data)
    assert "--import tests.runs.test_data" in result.output


def test_show_and_list(trained, tmp_path):
    path = tmp_path / "runs" / "one"
    shutil.copytree(trained, path)
    (tmp_path / "runs" / "bad").mkdir()
    (tmp_path / "runs" / "bad" / "config.json").write_text("{")
    shown = call("show", str(path)).output
    scores = runs.RunDirectory(path).read_scores()
    assert shown.startswith("qlae on room3d, seed 5\nfinished, 2 of 2 steps")
    assert f"InfoM   {scores.infom:.3f}" in shown
    assert "weight_decay           0.123456789" in shown
    known = json.loads(call("show", str(path), "--json").output)
    assert known["scores"]["nmi"] == scores.nmi
    assert known["config"]["seed"] == 5
    result = call("list", str(tmp_path / "runs"))
    head, line = result.stdout.splitlines()
    assert head.split()[:3] == ["run", "recipe", "data"]
    assert line.split()[:5] == [str(path), "qlae", "room3d", "5", "2/2"]
    assert f"{scores.psnr:.2f}" in line
    assert "config.json is not valid JSON" in result.stderr
    bad, good = json.loads(call("list", f"{tmp_path}/runs", "--json").stdout)
    assert good == known
    assert "config.json is not valid JSON" in bad["error"]
    assert "There are no runs" in call("list", str(path / "checkpoint")).output


def test_show_prints_how_to_resume(run):
    (run / "report.md").unlink()
    shown = call("show", str(run)).output
    assert "not finished, 2 of 2 steps" in shown
    assert f"keras-qlae train --resume {run}" in shown


def test_evaluate_prints_json(run):
    result = call("evaluate", str(run), "--json")
    scores = json.loads(result.stdout)
    assert scores == runs.RunDirectory(run).read_scores().to_dict()


def test_unknown_commands_and_names_get_a_hint():
    assert "Did you mean 'show'" in call("shwo").output
    result = call("train", "--dataset=rom3d")
    assert "Did you mean 'room3d'" in " ".join(result.output.split())
    assert "name=" not in result.output
    assert result.exit_code == 2
    assert "Training" not in result.output
    result = call("train", "--dataset=photos.npz")
    assert "There is no file 'photos.npz'" in result.output
    assert result.exit_code == 2
    result = call("compare", "qlae", "bio-a")
    assert "Did you mean 'bio-ae'" in result.output
    assert result.exit_code == 2
    result = call("tune", "--search=wd=0.1:1")
    assert "Did you mean '--weight-decay'" in " ".join(result.output.split())
    result = call("train", "--latent.num-values=1")
    assert "`--latent.num-values` must be" in result.output
