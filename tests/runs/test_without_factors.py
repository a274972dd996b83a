"""Images of which no factors are known: trained on and not scored."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_qlae import comparing
from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae import tuning
from keras_qlae.cli.main import main
from keras_qlae.datasets.folder_images import FolderImages
from keras_qlae.metrics import ssim

pytestmark = pytest.mark.one_backend

SETTINGS = {
    "num_scored": 8,
    "image_size": 8,
    "steps": 4,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "num_latents": 3,
    "num_values": 3,
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(40):
        image = rng.integers(0, 256, (10, 8, 3), np.uint8)
        Image.fromarray(image).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture(scope="module")
def finished(photos, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    recipe = recipes.get("qlae", **SETTINGS)
    return runs.train(path, recipe, str(photos), verbose=0)


def test_training_logs_loss_and_psnr(finished):
    columns = finished.read_metrics()
    assert {"loss", "psnr", "val_psnr"} <= set(columns)
    assert not any("info" in name or "active" in name for name in columns)
    scores = json.loads(finished.scores.read_text())
    assert scores.keys() == {"num_samples", "psnr"}
    assert scores["num_samples"] == 8


def test_the_report_explains_why_there_is_no_infomec(finished):
    report = finished.report.read_text()
    assert report.startswith("# qlae on photos, seed 0")
    assert "There is no InfoMEC" in report
    assert "InfoM |" not in report
    drawn = {path.stem for path in finished.figures.iterdir()}
    assert "nmi" not in drawn
    assert {"interventions", "training_curves", "samples"} < drawn


def test_the_run_is_evaluated_from_another_directory(
    finished, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        main, ["evaluate", str(finished.path), "--metrics=all"]
    )
    assert result.exit_code == 0, result.output
    assert "No InfoMEC: the data set has no factors." in result.output
    others = json.loads(finished.scores.read_text())["others"]
    model, held_out = runs.load(finished)
    images = held_out.images(np.arange(8))
    expected = ssim(images, np.clip(model.reconstruct(images), 0, 1)).mean()
    assert others == {"SSIM": pytest.approx(expected)}
    assert runs.draw(finished)


def test_the_command_reports_that_it_does_not_score(
    photos, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(photos.parent)
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in (SETTINGS | {"steps": 2}).items()
        if name != "num_values"
    ]
    result = CliRunner().invoke(
        main,
        [
            *("train", "--quiet", "--recipe=ae", "--dataset=photos"),
            *(f"--directory={tmp_path}/run", *options),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "photos has no factors" in caplog.text
    assert "No InfoMEC" in result.output
    assert re.search(r"PSNR +\d+\.\d\d dB", result.output)


def test_the_number_of_latents_must_be_given(photos, tmp_path):
    recipe = recipes.get("qlae", **SETTINGS | {"num_latents": None})
    images = np.zeros((40, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="`num_latents` must be given"):
        runs.train(tmp_path / "run", recipe, images, verbose=0)
    assert not (tmp_path / "run").exists()


def test_a_missing_number_of_latents_is_noticed_before_reading(
    photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(FolderImages, "decoded", None)
    recipe = recipes.get("qlae", **SETTINGS | {"num_latents": None})
    without = comparing.Contender("qlae", "qlae", {"image_size": 8})
    study = comparing.Study((without,), (str(photos),), (0,))
    for start in (
        lambda place: runs.train(place, recipe, str(photos), verbose=0),
        lambda place: tuning.search(recipe, place, str(photos), verbose=0),
        lambda place: comparing.compare(study, place),
    ):
        with pytest.raises(ValueError, match="`num_latents` must be given"):
            start(tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_a_table_in_the_folder_brings_the_scores(photos, tmp_path):
    table = photos / "factors.csv"
    rows = [f"{i:02}.png,{i % 2},{i % 5}" for i in range(40)]
    table.write_text("\n".join(["file,shade,size", *rows]))
    recipe = recipes.get("qlae", **SETTINGS | {"num_latents": None, "steps": 2})
    run = runs.train(tmp_path / "run", recipe, str(photos), verbose=0)
    table.unlink()
    scores = json.loads(run.scores.read_text())
    assert scores["factor_names"] == ["shade", "size"]
    assert np.shape(scores["nmi"]) == (2, 4)
