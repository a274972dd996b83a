"""Commands that need no framework load none, and are small."""

import json
import os

import pytest

from tests.subprocesses import run_python

pytestmark = pytest.mark.backend_free

HEAVY = {
    *("keras", "tensorflow", "jax", "torch", "keras_tuner"),
    *("sklearn", "scipy", "matplotlib", "pandas", "tensorflow_datasets"),
}
CALLS = """
import contextlib, io, json, sys
from keras_qlae.cli.main import main
found = {}
for line in sys.argv[2:]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            main(line.split(), prog_name="keras-qlae")
        except SystemExit as end:
            code = end.code
    heavy = sorted(set(json.loads(sys.argv[1])) & set(sys.modules))
    found[line] = [code, output.getvalue(), heavy]
# Not `getrusage`: that counts the process too that began this one.
with open("/proc/self/status") as file:
    peak = next(line for line in file if line.startswith("VmHWM"))
print(json.dumps([found, int(peak.split()[1]) / 1024]))
"""
RIGHT = {
    "--help": "datasets",
    "--version": "version",
    "datasets list": "room3d",
    "datasets info room3d": "480,000",
    "datasets prepare --help": "NAME",
    "train --help": "train --recipe qlae --help lists the settings",
    "tune --help": "tune --recipe qlae --help lists the settings",
    "compare --help": "MODELS",
    "evaluate --help": "DIRECTORY",
    "export --help": "[saved_model|onnx|litert]",
}
WRONG = {
    "": "Commands",
    "trian": "Did you mean 'train'",
    "--hlep": "Did you mean",
    "datasets info room4d": "There is no data set",
    "evaluate": "Missing argument",
    "evaluate run --metric all": "Did you mean '--metrics'",
    "export run --format keras": "'keras' is not one of",
    "train --seed x": "'x' is not a valid integer",
    "train --recipe qlea": "Did you mean 'qlae'",
    "train --stpes 3": "Did you mean '--steps'",
    "train --latent.num-value 3": "Did you mean '--num-values'",
    "tune --stpes 3": "Did you mean '--steps'",
    "compare": "No models: name them",
    "compare qlae --seeds a": "--seeds must be integers",
    "compare qlae --stpes 3": "Did you mean '--steps'",
}


@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="needs Linux"
)
def test_help_lists_and_wrong_options_load_no_framework():
    lines = [*RIGHT, *WRONG]
    output = run_python(CALLS, json.dumps(sorted(HEAVY)), *lines)
    found, megabytes = json.loads(output)
    for line, text in (RIGHT | WRONG).items():
        code, said, heavy = found[line]
        assert text in said, said
        assert bool(code) == (line in WRONG), said
        assert heavy == [], line
        assert "Traceback" not in said
    assert megabytes <= 100


def test_infomec_loads_neither_keras_nor_a_framework():
    output = run_python(
        "import sys\n"
        "from keras_qlae.metrics import infomec\n"
        "infomec([[0], [1]] * 5, [[1], [2]] * 5)\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} "
        "& set(sys.modules)))"
    )
    assert output.strip() == "[]"
