"""The versions that a run or an export notes."""

import importlib.metadata

import keras
import pytest

from keras_qlae.versions import version_of

pytestmark = pytest.mark.one_backend


def test_version_of_a_distribution():
    assert version_of("keras") == keras.__version__


def test_version_of_a_library_from_a_distribution_of_another_name(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert version_of("keras") == keras.__version__
    assert version_of("no-such-library") == "none"
