"""`keras-qlae tune`: searches and output."""

import json
import shlex
import tomllib

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.cli.command_line import command_of
from keras_qlae.cli.main import main
from keras_qlae.files import read_csv
from keras_qlae.runs.loading import recipe_of
from keras_qlae.runs.training import describe
from tests.tuning.small import SETTINGS

pytestmark = pytest.mark.one_backend

OPTIONS = [f"--{name}={value}" for name, value in SETTINGS.items()]


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def printed(*arguments):
    result = call("train", "--print-config", *arguments)
    assert result.exit_code == 0, result.output
    return tomllib.loads(result.output)


def test_the_printed_commands_train_the_best(tmp_path):
    """All digits, by the file and by the command line."""
    search = ("tune", f"--directory={tmp_path}/search", "--trials=2", *OPTIONS)
    # The trial and not the baseline, whose values are short.
    search += ("--no-baseline", "--trials=1", "--json")
    result = call(*search)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert "Trial 0: weight_decay" in result.stderr
    assert row["status"] == "COMPLETED"
    assert (
        str(row["weight_decay"])
        in (tmp_path / "search/results.csv").read_text()
    )
    result = call(*search[:-1])  # it is finished, and says all again
    lines = result.output.splitlines()
    by_file, by_options = (
        line.strip() for line in lines if line.startswith("  keras-qlae train")
    )
    assert f"--weight-decay={row['weight_decay']}" in by_options
    both = [printed(*shlex.split(line)[2:]) for line in (by_file, by_options)]
    assert both[0] == both[1]
    assert both[0]["optimizer"]["weight_decay"] == row["weight_decay"]
    assert both[0]["latent"]["num_values"] == row["num_values"]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("qlae", {}),
        ("qlae", {"weight_decay": 0.1 + 0.2, "encoder.size": "small"}),
        ("qlae", {"latent": "FiniteScalarQuantizer", "schedule": None}),
        ("qlae", {"num_values": [2, 3, 4], "num_latents": 3, "shared": False}),
        ("tripod", {"KernelTotalCorrelation.weight": 1e-7, "taps": ["cond"]}),
        ("tripod", {"penalties": []}),
        ("ae", {"penalties": ["HessianPenalty"], "unregularized": []}),
        ("ql-info-wgan-gp", {"latent_weight": 3.25, "clip": None}),
    ],
)
def test_a_command_line_is_what_was_trained(name, changed):
    recipe = recipes.get(name, "", changed)
    config = describe(recipe, "sprites2d", 4, "mixed_bfloat16")
    words = shlex.split(command_of(config))
    assert words[:2] == ["keras-qlae", "train"]
    found = printed(*words[2:])
    expected = describe(recipe, "sprites2d", 4, "mixed_bfloat16").settings
    for seat, table in expected.items():
        for key, value in table.items():
            if value is not None and seat != "penalties":
                assert found[seat][key] == value
    assert list(found["penalties"]) == list(expected["penalties"])
    for penalty, table in expected["penalties"].items():
        assert found["penalties"][penalty] == table
    assert (found["dataset"], found["seed"]) == ("sprites2d", 4)
    assert found["precision"] == "mixed_bfloat16"


def test_a_folder_without_factors_is_refused_with_advice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(30):
        image = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(image).save(tmp_path / "photos" / f"{i}.png")
    search = ("tune", "--dataset=photos", *OPTIONS, "--num_scored=6")
    result = call(*search)
    assert result.exit_code == 1
    assert "--objective val_psnr" in result.output
    assert not (tmp_path / "runs").exists()
    result = call(
        *(*search, "--objective=val_psnr", "--trials=1", "--directory=found")
    )
    assert result.exit_code == 0, result.output
    (row,) = read_csv(tmp_path / "found" / "results.csv")
    assert float(row["score"]) > 0


def test_a_search_in_which_nothing_succeeds_has_failed(tmp_path, monkeypatch):
    def fail(*_):
        raise FloatingPointError("`loss` is nan at step 1")

    monkeypatch.setattr(runs, "train", fail)
    for trials in (1, 5):
        result = call(
            *("tune", f"--directory={tmp_path}/{trials}", *OPTIONS),
            *("--json", f"--trials={trials}"),
        )
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "`loss` is nan at step 1" in result.stderr


def test_the_configuration_is_that_of_the_best(whole_search):
    config = runs.open_run(whole_search[0] / "best").config
    assert recipe_of(config).to_dict() == config.settings
