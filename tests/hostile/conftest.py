"""A run and a search that are as small as they come, to be damaged."""

import shutil

import pytest

from keras_qlae import runs
from keras_qlae.runs import exporting
from keras_qlae.runs import loading
from keras_qlae.runs import reporting
from tests.runs.small import recipe
from tests.tuning import small


@pytest.fixture(scope="session", autouse=True)
def light():
    """Runs leave out export and page: that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "is_cheap", lambda: False)
        patch.setattr(reporting, "write_page", lambda *_: True)
        yield


@pytest.fixture(scope="session")
def whole_run(light, tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "run"
    return runs.train(path, recipe(), verbose=0)


@pytest.fixture(scope="session")
def whole_search(light, tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "search"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "write_figures", lambda *_: [])
        small.search(path)
    return path


@pytest.fixture
def run(whole_run, tmp_path):
    """A copy of a run."""
    path = tmp_path / "run"
    shutil.copytree(whole_run.path, path)
    return runs.RunDirectory(path)


@pytest.fixture(scope="session")
def model_of_run(whole_run):
    return runs.load(whole_run)[0]


@pytest.fixture
def loaded(model_of_run, monkeypatch):
    """The model is loaded already, where its file is not at stake."""
    monkeypatch.setattr(loading, "load_model", lambda _: model_of_run)
