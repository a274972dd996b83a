"""The command line, as a person calls it."""

import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import recipes
from keras_qlae.cli.main import main
from keras_qlae.runs import exporting

pytestmark = pytest.mark.one_backend

SMALL = [
    "--image-size=8",
    "--steps=2",
    "--batch-size=8",
    "--num-scored=100",
    "--num-latents=3",
    "--num-values=3",
    "--quiet",
]


def call(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "run"
    result = call("train", f"--directory={path}", *SMALL)
    assert result.exit_code == 0, result.output
    return path, result.output


def test_train_prints_its_settings_and_scores(run):
    path, output = run
    assert "Training qlae on room3d for 2 steps" in output
    scores = json.loads((path / "infomec.json").read_text())
    assert f"InfoM   {scores['infom']:.3f}" in output
    assert str(path / "report.md") in output


@pytest.mark.backend_free
def test_an_unknown_backend_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BACKEND", "foo")
    result = call("train", f"--directory={tmp_path / 'run'}")
    assert result.exit_code == 2
    assert "KERAS_BACKEND is 'foo': set it to tensorflow, jax," in " ".join(
        result.output.split()
    )


@pytest.mark.backend_free
def test_help_of_a_command_is_no_error():
    result = call("compare", "--help")
    assert result.exit_code == 0
    assert "Error" not in result.output
    assert "keras-qlae compare --config study.toml\n" in result.output


def test_second_call_reports_that_the_run_is_finished(run):
    path, _ = run
    result = call("train", f"--directory={path}", *SMALL)
    assert result.exit_code == 0
    assert "is a finished run" in result.output


def test_other_settings_are_refused_with_their_names(run):
    path, _ = run
    result = call("train", f"--directory={path}", *SMALL, "--seed=3")
    assert result.exit_code == 1
    assert "seed: 0 there, 3 asked for" in result.output
    assert "Traceback" not in result.output


def test_evaluate_prints_the_scores(run):
    path, output = run
    result = call("evaluate", str(path))
    assert result.exit_code == 0
    assert output.split("held-out")[1].splitlines()[1] in result.output


# Of 100 images no two differ in one factor alone.
@pytest.mark.filterwarnings("ignore:cInfoM and cInfoC")
def test_evaluate_with_all_metrics(run):
    path, _ = run
    before = json.loads((path / "infomec.json").read_text())
    result = call("evaluate", str(path), "--metrics=all")
    assert result.exit_code == 0, result.output
    scores = json.loads((path / "infomec.json").read_text())
    others = scores.pop("others")
    assert scores.keys() == before.keys()
    for name, value in others.items():
        assert 0 <= value <= 1
        assert name in result.output
        assert f"| {name} | {value:.3f} |" in (path / "report.md").read_text()
    # Old scores are never shown as new ones.
    result = call("evaluate", str(path))
    assert "MIG" not in result.output
    assert "MIG" not in (path / "report.md").read_text()


def test_the_papers_protocol_is_kept_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
    path = tmp_path / "run"
    train = ("train", f"--directory={path}", *SMALL)
    result = call(*train, "--protocol=paper")
    assert result.exit_code == 0, result.output
    said = "100 images (also in training, as in the paper)"
    assert said in result.output
    assert said in (path / "report.md").read_text()
    before = json.loads((path / "infomec.json").read_text())
    result = call("evaluate", str(path))
    assert said in result.output
    assert json.loads((path / "infomec.json").read_text()) == before
    result = call(*train)
    assert "protocol: paper there, held_out asked for" in result.output


def test_figures_are_drawn_again(run):
    path, _ = run
    picture = path / "figures" / "nmi.png"
    picture.unlink()
    result = call("figures", str(path))
    assert result.exit_code == 0
    assert str(picture) in result.output
    assert picture.exists()


@pytest.mark.slow
def test_export_writes_the_encoder_with_its_metadata(run):
    path, _ = run
    result = call("export", str(path))
    assert result.exit_code == 0, result.output
    assert str(path / "encoder") in result.output
    metadata = json.loads((path / "encoder" / "metadata.json").read_text())
    assert metadata["factor_names"][0] == "floor_hue"
    assert np.shape(metadata["nmi"]) == (6, 3)
    assert len(metadata["active"]) == 3
    assert (path / "encoder" / "saved_model.pb").exists()


@pytest.mark.parametrize("command", ["evaluate", "export", "figures"])
def test_no_run_there(command, tmp_path):
    result = call(command, str(tmp_path))
    assert result.exit_code == 1
    assert "There is no run in" in result.output


def test_the_help_of_a_recipe_shows_its_settings_and_no_others():
    for name in ("qlae", "beta-vae", "ql-info-wgan-gp"):
        output = call("train", f"--recipe={name}", "--help").output
        shown = set(re.findall(r"^  --([a-z0-9-]+)  ", output, re.MULTILINE))
        own = recipes.get(name).settings
        wanted = {full.rpartition(".")[2].replace("_", "-") for full in own}
        assert wanted <= shown
        every = {
            full.rpartition(".")[2].replace("_", "-")
            for other in recipes.available()
            for full in recipes.get(other).settings
        }
        assert not (every - wanted) & shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--recipe=qlea"], "Available: qlae, ae"),
        (
            ["train", "--dataset=room4d"],
            "Available: arm3d, room3d",
        ),
        (["train", "--backend=mxnet"], "'tensorflow', 'jax', 'torch'"),
        (["train", "--num-values=1"], "`--num-values` must be an integer of"),
        (["train", "--image-size=12"], "multiples of 8: 8 or 16 instead of 12"),
        (["train", "--image-size=100"], "96 or 104 instead of 100"),
        (["train", "--decoder=fancy"], "image_decoder, style_image_decoder"),
        (["train", "--stpes=3"], "Did you mean '--steps'"),
        (["train", f"--seed={'9' * 30}"], "not in the range 0<=x<=4294967295"),
        (["train", "--num-scored=10000000000"], "from 2 to 10,000,000"),
        (["train", f"--steps={'9' * 23}"], "from 1 to 1,000,000,000,000"),
        (["train", "--image-size=100000"], "from 8 to 4,096"),
        (["train", "--dataset="], "no data set of this name"),
        (["train", "--steps=few"], "`--steps` must be an integer. Received"),
        (["train", "--latent=no_module:A"], "no module 'no_module'"),
        (["train", "--latent=json:A"], "no class or function 'A'"),
        (["datasets", "info", "room4d"], "Available: arm3d, room3d"),
    ],
)
def test_mistakes_get_one_message(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code != 0
    assert message in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
    assert not list(tmp_path.rglob("model.keras"))


def test_directory_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    result = call("train", f"--directory={file}/run", *SMALL)
    assert result.exit_code == 1
    assert str(file) in result.output
    assert "Not a directory" in result.output
    assert file.read_text() == "not a folder"


def test_help_shows_the_values_of_a_recipe():
    output = " ".join(call("train", "--recipe=qlae", "--help").output.split())
    assert "Train steps. [20000]" in output
    assert "--latent ScalarCodebookQuantizer" in output
    assert "qlae-paper QLAE as in the paper" in output


def test_datasets():
    assert "room3d" in call("datasets", "list").output
    info = call("datasets", "info", "room3d").output
    assert "480,000" in info
    assert "orientation 15" in info
    assert "not comparable" in info


@pytest.mark.slow
def test_backend_option_wins_over_the_environment(run):
    """A model of this backend, evaluated on another with the option only."""
    path, _ = run
    here = keras.backend.backend()
    other = "jax" if here != "jax" else "tensorflow"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "keras_qlae", "evaluate", str(path)),
            *("--backend", other),
        ],
        env={**os.environ, "KERAS_BACKEND": here},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "InfoM" in result.stdout


def test_explore_writes_a_page_that_needs_no_figures(run):
    path, _ = run
    result = call("explore", str(path), "--no-open")
    assert result.exit_code == 0, result.output
    page = (path / "explorer.html").read_text()
    assert "qlae on room3d, seed 0" in page
    assert "Figures" not in page
    assert "Figures" in (path / "report.html").read_text()
