"""Existing runs are listed without Keras."""

import pytest

from tests.subprocesses import run_python

pytestmark = [pytest.mark.backend_free]

COMMAND = """
import sys
from keras_qlae.cli.main import main
main(sys.argv[1:], standalone_mode=False)
heavy = {"keras", "tensorflow", "jax", "torch", "matplotlib", "scipy"}
print("RESULT", sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("command", ["list", "show"])
def test_needs_no_framework(command, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text(CONFIG)
    place = {"list": tmp_path, "show": run}[command]
    output = run_python(COMMAND, command, place)
    assert "qlae" in output
    assert output.endswith("RESULT []\n")


CONFIG = """{
    "format": 2, "recipe": "qlae", "dataset": "room3d", "seed": 0,
    "backend": "jax", "precision": "float32",
    "settings": {"training": {"steps": 9}}
}"""
