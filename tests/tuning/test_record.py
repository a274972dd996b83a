"""`search.json` is read as written, and other content is refused."""

import json

import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae.runs.training import describe
from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.record import Told

pytestmark = pytest.mark.backend_free

VALUES = {"weight_decay": 0.1, "num_values": 5}


def plan(**changed):
    settings = {
        "run": describe(recipes.get("qlae"), "room3d", 0, "float32"),
        "ranges": {"weight_decay": (1e-3, 1.0), "num_values": (4, 16)},
        "objective": {"val_infom": 1.0},
        "algorithm": "hyperband",
        "baseline": True,
    }
    return Plan(**(settings | changed))


def record(*events):
    return Record(plan=plan(), events=events)


WHOLE = (
    Asked(trial=0, values={"weight_decay": 0.0}),
    Told(trial=0, status="COMPLETED", score=0.5, logged={"val_infom": 0.5}),
    Asked(trial=1, values=VALUES | {"tuner/epochs": 1}),
    Asked(trial=2, values=VALUES | {"tuner/trial_id": "0000"}),
    Told(trial=2, status="FAILED", message="`loss` is nan"),
)


def test_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "search.json"
    written = record(*WHOLE)
    written.write(path)
    read = Record.read(path)
    assert read == written
    assert isinstance(read.asked[1].values["num_values"], int)
    assert [asked.trial for asked in read.unfinished] == [1]
    assert read.told[0].score == 0.5


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "search.json"
    written = record(*WHOLE)
    written.write(path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(content), 100):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(damaged))
        try:
            read = Record.read(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:  # a blank between two values
            assert read == written


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([Asked(trial=1, values=VALUES)], "out of order"),
        ([Told(trial=0, status="COMPLETED", score=1.0)], "ended twice"),
        ([*WHOLE, WHOLE[1]], "ended twice"),
        ([WHOLE[0], Told(trial=0, status="COMPLETED")], "a score"),
        ([WHOLE[0], Told(trial=0, status="FAILED", score=1.0)], "a score"),
        ([Asked(trial=0, values={"weight_decay": 0.5})], "foreign"),
        ([WHOLE[0], Asked(trial=1, values={"steps": 9})], "foreign"),
        ([WHOLE[0], Asked(trial=1, values={"num_values": 5})], "foreign"),
        (
            [WHOLE[0], Asked(trial=1, values=VALUES | {"weight_decay": 2.0})],
            "foreign",
        ),
        (
            [WHOLE[0], Asked(trial=1, values=VALUES | {"weight_decay": "x"})],
            "foreign",
        ),
        (
            [
                WHOLE[0],
                Asked(trial=1, values=VALUES | {"tuner/trial_id": "../.."}),
            ],
            "foreign",
        ),
    ],
)
def test_events_that_no_search_has_are_refused(events, message):
    with pytest.raises(ValueError, match=message):
        record(*events)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 2}',
        '{"sha256": 1}',
        "NaN",
        "[" * 9000,
    ],
)
def test_a_foreign_file_is_refused_by_name(tmp_path, text):
    path = tmp_path / "search.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"search\.json"):
        Record.read(path)


def test_a_score_must_be_a_number():
    with pytest.raises(ValueError, match="finite"):
        Told(trial=0, status="COMPLETED", score=float("nan"))


def test_differences_are_listed_by_name():
    other = plan(
        run=describe(recipes.get("qlae", steps=30_000), "room3d", 0, "float32"),
        ranges={"weight_decay": (1e-2, 1.0)},
    )
    lines = plan().differences(other)
    assert len(lines) == 2
    assert lines[0].startswith("ranges: {'weight_decay': (0.001, 1.0)")
    assert lines[1] == "training.steps: 20000 there, 30000 asked for"
    assert not plan().differences(plan())


def test_contains_no_code(tmp_path):
    path = tmp_path / "search.json"
    record(*WHOLE).write(path)
    assert json.loads(path.read_text())["events"][0]["event"] == "asked"
