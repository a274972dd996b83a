"""Imports go one way, and importing the package loads no more than needed."""

import ast
import json
from pathlib import Path

import keras
import pytest

from tests.subprocesses import run_python

PACKAGE = Path(__file__).parents[1] / "keras_qlae"

# What each part may import of the package, itself aside.
ALLOWED = {
    "backend": set(),
    "metrics": set(),
    "figures": set(),
    "datasets": set(),
    "layers": {"backend"},
    "optimizers": {"backend"},
    "networks": {"layers"},
    "penalties": {"layers", "backend"},
    "models": {"layers", "penalties", "optimizers", "metrics", "backend"},
    "callbacks": {"metrics", "figures"},
}
EVERYTHING_BUT = {"cli"}  # for the parts that are not listed: recipes, runs


def parts():
    """Each file with the part of the package it belongs to."""
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        yield path, part


def imported_names(path):
    """Modules, and what is imported from them, by full name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_parts(path):
    for name in imported_names(path):
        if name.startswith("keras_qlae."):
            yield name.split(".")[1]


@pytest.mark.backend_free
def test_imports_go_one_way():
    assert set(ALLOWED) <= {part for _, part in parts()}
    for path, part in parts():
        if part in ("cli", "__main__"):
            continue
        imported = set(imported_parts(path)) - {part}
        if part in ALLOWED:
            assert imported <= ALLOWED[part], f"{path}: {imported}"
        assert not imported & EVERYTHING_BUT, f"{path} imports the cli"


@pytest.mark.backend_free
def test_metrics_and_figures_need_no_keras():
    for path, part in parts():
        if part in ("metrics", "figures"):
            roots = {name.split(".")[0] for name in imported_names(path)}
            assert "keras" not in roots, path


IMPORT = """
import json, os, sys
import keras
before = set(sys.modules)
environment = dict(os.environ)
import keras_qlae
assert dict(os.environ) == environment
print("RESULT", json.dumps([sorted(before), sorted(set(sys.modules) - before)]))
"""
HEAVY = {
    "tensorflow_datasets",
    "keras_tuner",
    "matplotlib",
    "sklearn",
    "scipy",
    "tensorflow",
    "jax",
    "torch",
}


def test_importing_loads_nothing_that_keras_does_not():
    """Neither a heavy library nor a framework other than the backend's."""
    backend = keras.backend.backend()
    output = run_python(IMPORT, backend=backend)
    before, added = json.loads(output.rpartition("RESULT ")[2])
    assert backend in before
    assert "keras_qlae.layers" in added
    assert not HEAVY & {name.split(".")[0] for name in added}
