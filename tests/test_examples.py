"""Every example in the docstrings and on the pages runs as it stands."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_qlae

ROOT = Path(__file__).parents[1]
# What a reader trains for minutes, the test does for a moment.
SHORTER = {
    "steps_per_epoch=2000": "steps_per_epoch=1",
    "epochs=10": "epochs=1",
    "epochs=3": "epochs=1",
}
# Whose examples depend on the backend.
COMPUTES = tuple(
    f"keras_qlae.{floor}."
    for floor in (
        *("layers", "penalties", "networks", "optimizers", "models"),
        "callbacks",
    )
)


def modules_with_examples():
    for info in pkgutil.walk_packages(keras_qlae.__path__, "keras_qlae."):
        if info.name.startswith(
            ("keras_qlae.backend.", "keras_qlae.__main__", "keras_qlae.metrics")
        ):
            continue  # of another framework; a command; tested beside it
        module = importlib.import_module(info.name)
        source = Path(module.__file__).read_text()
        if ">>>" in source and info.name == module.__name__:
            computes = info.name.startswith(COMPUTES)
            marks = () if computes else pytest.mark.one_backend
            yield pytest.param(module, marks=marks, id=info.name)


@pytest.mark.slow_on("jax")
@pytest.mark.parametrize("module", list(modules_with_examples()))
def test_docstrings(module, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    names = {"keras": keras, "np": np, "keras_qlae": keras_qlae}
    result = doctest.testmod(
        module, extraglobs=names, optionflags=doctest.ELLIPSIS
    )
    assert result.attempted
    assert result.failed == 0


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("page", "number"), [("README.md", 2), ("docs/python.md", 5)]
)
def test_pages(page, number, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == number
    for block in blocks:
        for long, short in SHORTER.items():
            block = block.replace(long, short)
        exec(compile(block, page, "exec"), {})
    assert "InfoMECResult(infom=1.0" in capsys.readouterr().out


@pytest.mark.one_backend
def test_the_quickstart(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "quickstart.md").read_text()
    trained, block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(trained, "quickstart.md", "exec"), {})
    assert "steps=1000" in block
    block = block.replace("steps=1000", "steps=2, num_scored=50")
    exec(compile(block, "quickstart.md", "exec"), {})
    assert re.search(r"^[01]\.\d+$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.one_backend
def test_snippets_of_the_readme_are_quiet_as_scripts(backend):
    """They write nothing to standard error, also on TensorFlow."""
    text = (ROOT / "README.md").read_text()
    for source in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"{source}\nimport keras; keras.ops.ones(1)",
            ],
            env={
                **{k: v for k, v in os.environ.items() if k[:3] != "TF_"},
                "KERAS_BACKEND": backend,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
