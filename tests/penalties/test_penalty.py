"""The common parts of penalties: a name, a weight, a configuration."""

import json

import keras
import pytest

from keras_qlae.penalties import Penalty
from tests.penalties.small import Bend
from tests.penalties.small import Spread


class KLOfPairs(Penalty):
    """A name with an acronym in it."""


def test_is_named_after_its_class_by_default():
    assert Spread().name == "spread"
    assert KLOfPairs().name == "kl_of_pairs"
    assert Spread(name="width").name == "width"


def test_draws_and_taps_nothing_by_default():
    assert Spread().draw(3, None, None) is None
    assert Spread().taps == ()


def test_config_survives_json():
    penalty = Bend(["style0"], step=0.25, weight=3.0, name="curvature")
    config = keras.saving.serialize_keras_object(penalty)
    config = json.loads(json.dumps(config))
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is Bend
    assert copy.get_config() == penalty.get_config()


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_refuses_weights(weight):
    with pytest.raises(ValueError, match=f"at least 0.*weight={weight}"):
        Spread(weight)
