"""`keras-qlae tune`, as a person calls it."""

import pytest
from click.testing import CliRunner

from keras_qlae import tuning
from keras_qlae.cli.main import main

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--recipe=qlea"], 2, "Did you mean 'qlae'"),
        (["--step=3"], 2, "Did you mean '--steps'"),
        (["--search=weight_decay=0.1:x"], 2, "'x' in 'weight_decay=0.1:x'"),
        (["--search=weight_decay=0.1:inf"], 2, "finite range"),
        (["--search=kl_weight"], 2, "no setting of this name"),
        (["--objective=val_infom=x"], 2, "is not a number"),
        (["--objective=val_infom=nan"], 1, "finite weights"),
        (["--objective=infom"], 1, "values that are logged"),
        (["--trials=0"], 2, "x>=1"),
        (["--jobs=0"], 2, "x>=1"),
        (["--algorithm=grid"], 2, "'grid' is not one of"),
    ],
)
def test_errors_explain_what_is_wrong(
    arguments, code, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["tune", *arguments])
    assert result.exit_code == code, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_hands_everything_on(monkeypatch, tmp_path):
    given = {}

    def search(recipe, *arguments, callbacks):
        given["recipe"], given["arguments"] = recipe, arguments
        given["callbacks"] = callbacks
        (tmp_path / "results.md").write_text("| a table |")
        return [{"status": "COMPLETED"}, {"status": "FAILED"}]

    monkeypatch.setattr(tuning, "search", search)
    arguments = ["--recipe=beta-vae", "--steps", "40", "--jobs=2", "--seed=3"]
    arguments += ["--search", "kl_weight=0.1:10", "--search=learning_rate"]
    arguments += ["--objective=val_psnr=0.02", "--objective=val_infom"]
    arguments += ["--wandb", "--callback=mine:Watch", "--tensorboard"]
    result = CliRunner().invoke(
        main, ["tune", *arguments, f"--directory={tmp_path}"]
    )
    assert result.exit_code == 0, result.output
    assert given["recipe"].value("steps") == 40
    names = ["mine:Watch", "tensorboard", "wandb"]
    assert sorted(given["callbacks"]) == names
    assert given["arguments"] == (
        tmp_path,
        "room3d",
        {"kl_weight": (0.1, 10.0), "learning_rate": None},
        {"val_psnr": 0.02, "val_infom": 1.0},
        "random",
        12,
        3,
        "float32",
        True,
        None,
        2,
    )
    assert "| a table |" in result.output
    assert "1 of 2 trials failed" in result.output
