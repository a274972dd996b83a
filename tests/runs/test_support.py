"""A run on some of the combinations of factors, from option to report."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import datasets
from keras_qlae import runs
from keras_qlae.cli.main import main
from keras_qlae.metrics import normalized_multi_information
from tests.runs.small import SETTINGS

pytestmark = pytest.mark.one_backend

FEW = {**SETTINGS, "steps": 2, "num_scored": 50}


def small_grid(image_size=8):
    """640 images of three factors."""
    factors = np.stack(np.indices((8, 8, 10)), -1).reshape(-1, 3)
    images = np.zeros((640, image_size, image_size, 3), np.uint8)
    images[:, :4] = 30 * factors[:, None, None]
    return datasets.from_arrays(images, factors, ["red", "green", "blue"])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("support") / "run"
    options = [f"--{name}={value}" for name, value in FEW.items()]
    result = CliRunner().invoke(
        main,
        [
            *("train", "--quiet", f"--directory={path}", "--support=corner:9"),
            *(f"--dataset={__name__}:small_grid", *options),
        ],
    )
    assert result.exit_code == 0, result.output
    return runs.RunDirectory(path), " ".join(result.output.split())


def test_the_run_names_the_scored_images(run):
    run, printed = run
    of_what = "held-out images of the combinations in training (corner:9)"
    assert of_what in printed
    assert of_what in run.report.read_text()
    config = run.read_config()
    assert config.setting("training", "support") == "corner:9"
    scores = run.read_scores()
    data = small_grid()
    train, scored = data.split(50, support="corner:9")
    assert scores.num_samples == len(scored) == 50
    expected = normalized_multi_information(
        train.factors(np.arange(len(train)))
    )
    assert scores.multi_information == expected > 0.01
    row = f"| multi-information | {expected:.3f} | of the factors trained on"
    assert row in run.report.read_text()


def test_it_is_scored_again_on_the_same_images(run):
    run, _ = run
    before = json.loads(run.scores.read_text())
    _, held_out = runs.load(run)
    factors = held_out.factors(np.arange(len(held_out)))
    assert len(factors) == 50
    assert (factors.sum(axis=1) >= 9).all()
    runs.evaluate(run)
    after = json.loads(run.scores.read_text())
    assert after["nmi"] == before["nmi"]
    assert after["multi_information"] == before["multi_information"]


def test_another_support_is_another_run(run):
    run, _ = run
    options = [f"--{name}={value}" for name, value in FEW.items()]
    result = CliRunner().invoke(
        main,
        [
            *("train", "--quiet", f"--directory={run.path}"),
            *("--support=corner:8", f"--dataset={__name__}:small_grid"),
            *options,
        ],
    )
    assert result.exit_code == 1
    assert "training.support: corner:9 there, corner:8" in result.output


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--support=corners:6"], "Did you mean 'corner'"),
        (["--support=corner:99"], "leaves no image to train on"),
        (["--support=corner:9:sise"], "no factor `sise`"),
        (["--support=my_missing:f"], "no module 'my_missing'"),
        (["--scored-support=all"], "must be one of same, full"),
    ],
)
def test_errors_on_the_command_line_explain_what_is_wrong(
    arguments, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["train", *arguments])
    assert result.exit_code != 0
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.backend_free
def test_a_comparison_reports_it_before_any_run(tmp_path):
    command = ["compare", "qlae", "--support=corner:99"]
    result = CliRunner().invoke(main, [*command, f"--directory={tmp_path}/c"])
    assert result.exit_code == 1
    assert "leaves no image to train on" in result.output
    assert not list(tmp_path.iterdir())
