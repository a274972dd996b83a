"""What the tests of runs share."""

import pytest

from keras_qlae.runs import exporting


@pytest.fixture(autouse=True)
def no_encoder(monkeypatch):
    """Runs of a single test leave out the export, which takes seconds.

    The run that a module shares is trained before this and has it.
    """
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
