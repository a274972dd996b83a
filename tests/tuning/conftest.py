"""Fixtures of the tests of searches."""

import pytest

from keras_qlae.runs import exporting
from keras_qlae.runs import reporting
from tests.tuning import small


@pytest.fixture(scope="session")
def whole_search(tmp_path_factory):
    """A search of two trials, and its rows. Copy it before you change it."""
    path = tmp_path_factory.mktemp("tuning") / "search"
    return path, small.search(path)


@pytest.fixture(autouse=True)
def light_runs(monkeypatch):
    """Runs of a single test leave out figures and export: that takes seconds.

    Those of `whole_search`, made before, have them.
    """
    monkeypatch.setattr(exporting, "is_cheap", lambda: False)
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])
    monkeypatch.setattr(reporting, "write_page", lambda *_: True)
