"""Only the command itself writes to standard error."""

import logging
import os
import subprocess
import sys
import warnings

import keras
import pytest
from click.testing import CliRunner

from keras_qlae.cli.main import main
from tests.conftest import ONE_BACKEND
from tests.subprocesses import ROOT

SMALL = (
    "--image-size=8 --steps=2 --batch-size=8 --num-scored=2000 "
    "--num-latents=3 --num-values=6"
)
CALLS = """
import sys
from keras_qlae.cli.main import main
for line in sys.argv[1:]:
    try:
        main(line.split(), prog_name="keras-qlae")
    except SystemExit as end:
        assert not end.code, (line, end.code)
"""


def call(*lines):
    """The output of commands in one process, and other lines on it."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "PYTHONWARNINGS"))
    }
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CALLS, *lines],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.slow
def test_standard_error_has_nothing_but_a_warning_of_ours(tmp_path):
    """Frameworks and compilers write their messages in the first three."""
    run = tmp_path / "run"
    commands = [
        f"train --directory={run} {SMALL}",
        f"evaluate {run}",
        f"export {run} --part=decoder",
    ]
    if keras.backend.backend() == ONE_BACKEND:
        commands += [
            "train --help",
            f"train --directory={run} {SMALL}",
            f"evaluate {run} --metrics=all",
            f"figures {run}",
            f"explore {run} --no-open",
            f"compare qlae --directory={tmp_path}/compare {SMALL}",
            f"tune --trials=1 --directory={tmp_path}/tune {SMALL}",
            "datasets list",
        ]
    out, err = call(*commands)
    assert "InfoM" in out
    ours = "Warning: cInfoM and cInfoC: the factors `floor_hue`, `wall_hue`"
    assert [line for line in err.splitlines() if ours not in line] == []


@pytest.mark.one_backend
def test_warnings_are_one_line_without_source(monkeypatch):
    def warn(*arguments):
        warnings.warn("Two\n  lines.", UserWarning, stacklevel=1)
        logging.getLogger("keras_qlae.somewhere").warning("A %s.", "note")

    monkeypatch.setattr("keras_qlae.datasets.available", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = CliRunner().invoke(main, ["datasets", "list"])
    assert result.stderr == "Warning: Two lines.\nWarning: A note.\n"
