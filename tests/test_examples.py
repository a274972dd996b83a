"""Every example in the docstrings and on the pages runs as it stands."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_qlae

ROOT = Path(__file__).parents[1]
# What a reader trains for minutes, the test does for a moment.
SHORTER = {
    "steps_per_epoch=2000": "steps_per_epoch=1",
    "epochs=6": "epochs=1",
    "epochs=3": "epochs=1",
}


def modules_with_examples():
    for info in pkgutil.walk_packages(keras_qlae.__path__, "keras_qlae."):
        if info.name.startswith(
            ("keras_qlae.backend.", "keras_qlae.__main__", "keras_qlae.metrics")
        ):
            continue  # of another framework; a command; tested beside it
        module = importlib.import_module(info.name)
        source = Path(module.__file__).read_text()
        if ">>>" in source and info.name == module.__name__:
            yield module


@pytest.mark.parametrize(
    "module", list(modules_with_examples()), ids=lambda module: module.__name__
)
def test_docstrings(module):
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
