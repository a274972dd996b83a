"""What the tests of runs share."""

import pytest

from keras_qlae import runs
from keras_qlae.runs import exporting
from keras_qlae.runs import reporting
from tests.runs.small import gan_recipe
from tests.runs.small import recipe


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run that was never interrupted. Copy it before you change it."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    return runs.train(path, recipe(), verbose=0)


@pytest.fixture(scope="session")
def finished_gan(tmp_path_factory):
    """As `finished`, of a GAN."""
    path = tmp_path_factory.mktemp("runs") / "gan"
    return runs.train(path, gan_recipe(), verbose=0)


@pytest.fixture(autouse=True)
def no_encoder(monkeypatch):
    """Runs of a single test leave out the export, which takes seconds.

    The run that a module shares is trained before this and has it.
    """
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
    monkeypatch.setattr(reporting, "write_page", lambda *_: True)
