"""Runs the page's own JavaScript in node."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from keras_qlae import explorer

ASSETS = Path(explorer.__file__).parent / "assets"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None,
    reason="NOT TESTED: the page's engine. Install node 20 or later "
    "(apt-get install nodejs)",
)
SCRIPTS = Path(__file__).parent / "scripts"


def run_node(script, *arguments):
    """The output of a script of `scripts`; its first argument is `ASSETS`."""
    result = subprocess.run(
        ["node", SCRIPTS / script, ASSETS, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def run_network(network, inputs, folder, wasm=True):
    """The outputs of a `Network` for inputs `(n, ...)`: `(n, ...)` flat."""
    inputs = np.ascontiguousarray(inputs, "<f4")
    job = {"plan": network.plan, "count": len(inputs), "wasm": wasm}
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "inputs").write_bytes(inputs.tobytes())
    (folder / "weights").write_bytes(network.weights)
    run_node("run_network.mjs", folder)
    outputs = np.fromfile(folder / "outputs", "<f4")
    return outputs.reshape(len(inputs), -1)
