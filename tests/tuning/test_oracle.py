"""Keras Tuner's oracles: asked, told, and replayed."""

import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae.runs.training import describe
from keras_qlae.tuning import space
from keras_qlae.tuning.oracle import ALGORITHMS
from keras_qlae.tuning.oracle import Oracle
from keras_qlae.tuning.record import Asked
from keras_qlae.tuning.record import Plan
from keras_qlae.tuning.record import Record
from keras_qlae.tuning.record import Told

pytestmark = pytest.mark.backend_free

RECIPE = recipes.get("qlae")
RANGES = space.ranges_of(RECIPE)


def oracle(algorithm, folder, max_epochs=9):
    hp = space.hyperparameters(RECIPE, RANGES)
    return Oracle(algorithm, hp, 0, max_epochs, folder)


def score(values):
    """Best at a decay of 0.1."""
    return -abs(np.log10(values["weight_decay"] / 0.1))


def searched(made, count, record, fails=()):
    """The record after `count` trials more."""
    for _ in range(count):
        number = len(record.asked)
        values = made.ask(number)
        if values is None:
            break
        record = record.with_event(Asked(trial=number, values=values))
        told = Told(trial=number, status="COMPLETED", score=score(values))
        if number in fails:
            told = Told(trial=number, status="FAILED")
        record = record.with_event(told)
        made.tell(number, told.score)
    return record


def empty(algorithm):
    plan = Plan(
        run=describe(RECIPE, "room3d", 0, "float32"),
        ranges=RANGES,
        objective={"val_infom": 1.0},
        algorithm=algorithm,
        baseline=False,
    )
    return Record(plan=plan)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_replayed_oracle_asks_as_one_that_was_never_stopped(
    algorithm, tmp_path
):
    whole = searched(
        oracle(algorithm, tmp_path / "a"), 9, empty(algorithm), fails={3}
    )
    half = searched(
        oracle(algorithm, tmp_path / "b"), 7, empty(algorithm), fails={3}
    )
    again = oracle(algorithm, tmp_path / "c")
    again.replay(half)
    assert searched(again, 2, half) == whole


def test_the_record_is_used_if_another_version_chooses_otherwise(tmp_path):
    record = searched(oracle("bayesian", tmp_path / "a"), 6, empty("bayesian"))
    moved = record.model_copy(
        update={
            "events": [
                each
                if isinstance(each, Told)
                else each.model_copy(
                    update={"values": {"weight_decay": 0.1, "num_values": 7}}
                )
                for each in record.events
            ]
        }
    )
    made = oracle("bayesian", tmp_path / "b")
    made.replay(moved)
    other = made.ask(6)
    same = oracle("bayesian", tmp_path / "c")
    same.replay(record)
    assert other != same.ask(6)  # another past, another guess


def test_bayesian_search_goes_past_its_random_start(tmp_path):
    """Where the score is best at a decay of 0.1, it comes near to it."""
    record = searched(oracle("bayesian", tmp_path), 14, empty("bayesian"))
    distances = [-told.score for told in record.told.values()]
    start = 3 * len(RANGES)
    assert np.mean(distances[start:]) < 0.5 * np.mean(distances[:start])
    assert min(distances[start:]) < 0.1


def test_hyperband_continues_the_better_trials(tmp_path):
    record = searched(oracle("hyperband", tmp_path, 9), 99, empty("hyperband"))
    first = [a for a in record.asked if a.values["tuner/epochs"] == 1]
    second = [a for a in record.asked if "tuner/trial_id" in a.values]
    sources = {int(a.values["tuner/trial_id"]) for a in second}
    best = sorted(first, key=lambda asked: -score(asked.values))
    assert best[0].trial in sources
    assert best[-1].trial not in sources
    for asked in second:
        source = record.asked[int(asked.values["tuner/trial_id"])]
        for name in RANGES:
            assert asked.values[name] == source.values[name]


def test_many_failures_do_not_stop_it(tmp_path):
    record = searched(
        oracle("random", tmp_path), 6, empty("random"), fails=range(6)
    )
    assert len(record.asked) == 6


def test_a_space_that_is_used_up_ends_the_search(tmp_path):
    ranges = {"num_values": (4, 5)}
    hp = space.hyperparameters(RECIPE, ranges)
    made = Oracle("random", hp, 0, 9, tmp_path)
    values = [made.ask(number) for number in range(3)]
    assert sorted(v["num_values"] for v in values if v) == [4, 5]
    assert values[2] is None
