"""The examples in the docstrings, and the list of public names."""

import doctest
import importlib
import pkgutil

import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free

MODULES = [module.name for module in pkgutil.iter_modules(metrics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(f"keras_qlae.metrics.{name}")
    failed, _ = doctest.testmod(module)
    assert failed == 0


@pytest.mark.parametrize(
    "name", [name for name in metrics.__all__ if not name.isupper()]
)
def test_public_names_are_documented_with_an_example(name):
    documented = getattr(metrics, name)
    assert documented.__doc__
    if not isinstance(documented, type):
        assert ">>>" in documented.__doc__
        assert "Reference:" in documented.__doc__
