"""What the tests of runs share."""

import shutil

import keras
import pytest

from keras_qlae import runs
from keras_qlae.runs import exporting
from keras_qlae.runs import finished
from keras_qlae.runs import reporting
from keras_qlae.runs.checkpoints import Checkpoints
from tests.conftest import ONE_BACKEND
from tests.runs.small import gan_recipe
from tests.runs.small import recipe

# `finished` imports it by name, and must do so before any patch.
WRITE_FIGURES = finished.write_figures


def train_both(path, recipe):
    """A run that was never interrupted, and one that was, `stopped`.

    That is the directory as it was in the third epoch, before its checkpoint:
    as a kill would have left it.
    """
    save = Checkpoints.on_epoch_end

    def copy_in_the_third(self, epoch, logs=None):
        if epoch == 2:
            shutil.copytree(path, stopped_of(path))
        save(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "on_epoch_end", copy_in_the_third)
        return runs.train(path, recipe, verbose=0)


def stopped_of(path):
    """Where `train_both` leaves the run that was stopped."""
    return path.with_name(f"{path.name}-stopped")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run that was never interrupted. Copy it before you change it."""
    return train_both(tmp_path_factory.mktemp("runs") / "whole", recipe())


@pytest.fixture(scope="session")
def finished_gan(tmp_path_factory):
    """As `finished`, of a GAN; with figures and export on one backend."""
    path = tmp_path_factory.mktemp("runs") / "gan"
    with pytest.MonkeyPatch.context() as patch:
        if keras.backend.backend() != ONE_BACKEND:
            patch.setattr(exporting, "is_cheap", lambda: False)
            patch.setattr(reporting, "write_page", lambda *_: True)
            patch.setattr(reporting, "write_figures", lambda *_: [])
        return train_both(path, gan_recipe())


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """Runs of a single test leave out what takes longer than to train them.

    The runs that tests share are trained before this, and have it.
    """
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])
    monkeypatch.setattr(reporting, "write_page", lambda *_: True)


@pytest.fixture
def with_figures(light, monkeypatch):
    """A test that looks at the figures of its own run."""
    monkeypatch.setattr(reporting, "write_figures", WRITE_FIGURES)
