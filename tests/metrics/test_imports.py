"""The scores need neither Keras nor a framework, and import little."""

import pathlib
import subprocess
import sys

import pytest

import keras_qlae

pytestmark = pytest.mark.backend_free

# The package stands for itself, without what its `__init__` imports.
_SCRIPT = """
import sys, types
package = types.ModuleType("keras_qlae")
package.__path__ = [{path!r}]
sys.modules["keras_qlae"] = package
from keras_qlae.metrics import infomec, all_scores
heavy = {{"keras", "tensorflow", "jax", "torch", "scipy", "sklearn", "pandas"}}
print(sorted(heavy & set(sys.modules)))
all_scores([[0, 0], [0, 1], [1, 0], [1, 1]] * 9, [[0], [1], [2], [4]] * 9)
heavy -= {{"scipy", "sklearn", "pandas"}}
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_the_metrics_loads_only_numpy():
    path = str(pathlib.Path(keras_qlae.__path__[0]))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(path=path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
