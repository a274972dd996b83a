"""Python in a separate process: another backend, other devices."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_python(source, *arguments, backend=None, **environment):
    """Returns the output of a script; if it fails, shows its error output."""
    environment = os.environ | {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    command = [sys.executable, "-c", source, *map(str, arguments)]
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
