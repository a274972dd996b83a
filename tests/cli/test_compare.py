"""`keras-qlae compare`, as a person calls it wrongly."""

import json

import pytest
from click.testing import CliRunner

from keras_qlae import comparing
from keras_qlae.cli.main import main

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "No models: name them"),
        (["qlea"], 2, "Did you mean 'qlae'"),
        (["qlae", "--seeds=0,x"], 2, "integers with commas between them"),
        (["qlae", "--seeds=0,0"], 1, "Every seed may occur once"),
        (["qlae", "--datasets=room"], 2, "no data set of this name"),
        (["qlae", "--seeds=4-0"], 2, "from a lower to a higher seed"),
        (["qlae", "--seeds=0-99999"], 2, "from a lower to a higher seed"),
        (["qlae", "--step=3"], 2, "Did you mean '--steps'"),
        (["qlae", "--steps=x"], 2, "must be an integer"),
        (["qlae", "--jobs=0"], 2, "x>=1"),
        (["--config=missing.toml"], 1, "missing.toml: No such file"),
        (["ae", "--config=missing.toml"], 2, "--config has the models"),
    ],
)
def test_errors_explain_what_is_wrong(
    arguments, code, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["compare", *arguments])
    assert result.exit_code == code, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0", [0]), ("0-4", [0, 1, 2, 3, 4]), ("7, 0-1", [7, 0, 1])],
)
def test_seeds_are_numbers_and_ranges(text, seeds, monkeypatch):
    found = []

    def compare(study, *arguments):
        found.extend([study, arguments])
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "compare", compare)
    arguments = ["compare", "qlae", "beta-vae", f"--seeds={text}"]
    result = CliRunner().invoke(
        main, [*arguments, "--kl-weight", "2", "--mlflow"]
    )
    assert result.exit_code == 130
    assert found[0].seeds == seeds
    assert ["mlflow"] in found[1]
    qlae, vae = found[0].contenders
    assert vae.recipe_for("room3d").value("kl_weight") == 2.0
    assert not qlae.settings


def test_json_is_all_on_standard_output(monkeypatch):
    rows = [{"model": "qlae", "infom": 0.5, "psnr": None, "status": "failed"}]

    def compare(*_):
        print("started qlae")
        return rows

    monkeypatch.setattr(comparing, "compare", compare)
    result = CliRunner().invoke(main, ["compare", "qlae", "--json"])
    assert json.loads(result.stdout) == rows
    assert "started qlae" in result.stderr
    assert "1 of 1 runs failed" in result.stderr
    assert result.exit_code == 1
