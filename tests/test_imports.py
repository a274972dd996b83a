"""Imports go only to lower floors, and importing the package loads little."""

import ast
import json
from pathlib import Path

import keras
import pytest

from tests.subprocesses import run_python

PACKAGE = Path(__file__).parents[1] / "keras_qlae"

# The floors of the house, from the ground up. A file may import its own floor
# and those below it. `docs/architecture.md` says what each is for.
FLOORS = [
    "versions",
    "hints",
    "tensorflow_notes",
    "files",
    "backend",
    "metrics",
    "figures",
    "datasets",
    "layers",
    "penalties",
    "networks",
    "optimizers",
    "models",
    "callbacks",
    "recipes",
    "export",
    "explorer",
    "runs",
    "trained",
    "tuning",
    "comparing",
    "cli",
    "__main__",
]


def modules():
    """Every file of the package by the name of its module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("keras_qlae", *path.relative_to(PACKAGE).with_suffix("").parts)
        yield ".".join(p for p in parts if p != "__init__"), path


MODULES = dict(modules())


def floor_of(module):
    """The floor of a module; that of the package itself is the highest."""
    parts = module.split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 else len(FLOORS)


def imported_names(path):
    """The full names that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(path):
    """The modules of the package that a file imports."""
    for name in imported_names(path):
        while name.startswith("keras_qlae"):
            if name in MODULES:
                yield name
                break
            name = name.rpartition(".")[0]


@pytest.mark.backend_free
def test_every_part_of_the_package_has_a_floor():
    parts = {module.split(".")[1] for module in MODULES if "." in module}
    assert parts <= set(FLOORS)


@pytest.mark.backend_free
def test_no_file_imports_a_higher_floor():
    for module, path in MODULES.items():
        for other in imported_modules(path):
            assert floor_of(other) <= floor_of(module), f"{path}: {other}"


@pytest.mark.backend_free
def test_no_file_imports_itself_through_others():
    """The files of the package import only from their floor and lower ones."""
    graph = {
        module: set(imported_modules(path)) for module, path in MODULES.items()
    }
    # A package's list of names is not what its own files may import.
    done, stack = set(), []

    def visit(module):
        assert module not in stack, " -> ".join([*stack, module])
        if module in done:
            return
        stack.append(module)
        for other in sorted(graph[module]):
            visit(other)
        stack.pop()
        done.add(module)

    for module in graph:
        visit(module)


@pytest.mark.backend_free
def test_metrics_and_figures_need_no_keras():
    for module, path in MODULES.items():
        if module.split(".")[1:2] in (["metrics"], ["figures"]):
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
