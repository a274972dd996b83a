"""Searches from a stranger, or with a person's files in them."""

import os
import shutil

import pytest

from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import reporting
from keras_qlae.tuning import record as records
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.trials import Trials
from tests.hostile.tools import files_read
from tests.hostile.tools import flips
from tests.hostile.tools import is_short
from tests.hostile.tools import refused
from tests.hostile.tools import tree
from tests.tuning import small

pytestmark = pytest.mark.one_backend


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])


@pytest.fixture
def search(whole_search, tmp_path):
    """A copy of a search."""
    path = tmp_path / "search"
    shutil.copytree(whole_search, path)
    return path


def test_100_bit_flips_in_a_search(search):
    file = search / "search.json"
    for flip in flips(file):
        with pytest.raises(ValueError, match=r"search\.json is") as error:
            Record.read(file)
        assert is_short(str(error.value)), flip


def test_all_else_of_a_finished_search_is_not_read(search):
    """A flipped bit in it is harmless, since tables are written again."""
    table = search / "results.csv"
    before = table.read_bytes()
    table.write_bytes(before[::-1])
    with files_read() as paths:
        small.search(search)
    names = {
        os.path.relpath(path, search)
        for path in map(str, paths)
        if path.startswith(str(search))
    }
    assert {name for name in names if ".partial" not in name} == {"search.json"}
    assert table.read_bytes() == before


EVENTS = {
    "a trial twice": ([{"trial": 0}, {"trial": 0}], "trials out of order"),
    "a later trial": ([{"trial": 7}], "trials out of order"),
    "a negative trial": ([{"trial": -1}], "trials out of order"),
    "a word": ([{"trial": "x"}], "valid integer"),
    "foreign values": (
        [{"trial": 0}, {"trial": 1, "values": {"steps": 10**23}}],
        "foreign values",
    ),
    "a path": ([{"trial": 0, "values": {"../x": 1}}], "foreign values"),
    "a worker of 3 MB": ([{"trial": 0, "worker": "x" * 3_000_000}], "Extra"),
    "NaN": (
        [{"trial": 0}, {"event": "told", "trial": 0, "score": float("nan")}],
        "finite number",
    ),
    "no score": (
        [{"trial": 0}, {"event": "told", "trial": 0, "status": "COMPLETED"}],
        "a score",
    ),
}


@pytest.mark.parametrize("damage", EVENTS)
def test_events_with_their_hash(search, damage):
    events, message = EVENTS[damage]
    plain = {"event": "asked", "values": {}}
    told = {"status": "COMPLETED"}
    change(
        search,
        events=[
            (plain if each.get("event") != "told" else told) | each
            for each in events
        ],
    )
    refused(lambda: small.search(search), message)


PLANS = {
    "an infinite range": {"ranges": {"weight_decay": [0.1, float("inf")]}},
    "an objective that is NaN": {"objective": {"val_infom": float("nan")}},
    "a range of words": {"ranges": {"weight_decay": ["low", "high"]}},
    "no run": {"run": None},
}


@pytest.mark.parametrize("damage", PLANS)
def test_plans_with_their_hash(search, damage):
    plan = read_json(search / "search.json")["plan"]
    change(search, plan=plan | PLANS[damage])
    refused(lambda: small.search(search), r"search\.json is damaged: plan")


def change(search, **values):
    """Another record, as somebody else may send it: with its hash."""
    content = read_json(search / "search.json") | values
    del content["sha256"]
    digest = records._digest(content)
    write_json(search / "search.json", content | {"sha256": digest})


@pytest.mark.parametrize("content", ["", "[]", "null", "3", "{" * 99_999, "\0"])
def test_records_that_are_none(search, content):
    (search / "search.json").write_text(content)
    refused(lambda: small.search(search), r"search\.json is")


def test_a_pipe_is_not_waited_for(search):
    (search / "search.json").unlink()
    os.mkfifo(search / "search.json")
    refused(lambda: small.search(search), "pipe or a device")


@pytest.mark.parametrize("name", ["trials", "best", "figures"])
def test_links_are_not_followed(search, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(search / name)
    (search / name).symlink_to(outside)
    refused(lambda: small.search(search, trials=3), "is a link")
    assert not list(outside.iterdir())


def test_files_that_a_person_put_beside_the_best_run_are_kept(search):
    (search / "best" / "notes.txt").write_text("mine")
    before = tree(search / "best")
    refused(
        lambda: small.search(search, trials=3),
        r"did not write.*notes\.txt",
    )
    assert tree(search / "best") == before


def test_files_that_a_person_put_in_place_of_a_trial_are_kept(search):
    trial = search / "trials" / "trial-01"
    events = read_json(search / "search.json")["events"]
    change(search, events=events[:-1], best=None)  # the trial has not ended
    shutil.rmtree(search / "best")
    shutil.rmtree(trial)
    trial.mkdir()
    (trial / "thesis.tex").write_text("mine")
    small.search(search)
    kept = search / "trials" / "trial-01-aside-1" / "thesis.tex"
    assert kept.read_text() == "mine"
    assert (trial / "model.keras").exists()


def test_a_trial_that_is_gone_is_not_trained_again(search, monkeypatch):
    shutil.rmtree(search / "trials" / "trial-01")
    monkeypatch.setattr(Trials, "_task", None)
    assert len(small.search(search)) == 2
