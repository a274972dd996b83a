"""`keras-qlae compare`, as a person calls it wrongly."""

import pytest
from click.testing import CliRunner

from keras_qlae.cli.main import main

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Which models?"),
        (["qlea"], 1, "Did you mean 'qlae'"),
        (["qlae", "--seeds=0,x"], 2, "integers with commas between them"),
        (["qlae", "--seeds=0,0"], 1, "Every seed may be there once"),
        (["qlae", "--datasets=room"], 1, "no data set of this name"),
        (["qlae", "--set=steps"], 2, "wants NAME=VALUE"),
        (["qlae", "--set=step=3"], 1, "Did you mean 'steps'"),
        (["qlae", "--jobs=0"], 2, "x>=1"),
        (["--config=missing.toml"], 1, "missing.toml: No such file"),
        (["ae", "--config=missing.toml"], 2, "--config says which models"),
    ],
)
def test_says_what_is_wrong(arguments, code, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["compare", *arguments])
    assert result.exit_code == code, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())
