"""Two optimizers in one: the learning rates keep their ratio."""

import keras
import pytest

from keras_qlae.optimizers import RegularizedAdamW
from keras_qlae.optimizers.optimizer_pair import OptimizerPair


def rates(pair):
    return [
        float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        for optimizer in (pair.critic, pair.generator)
    ]


def test_learning_rates_keep_their_ratio_through_zero():
    """As a warm-up from 0 sets them."""
    pair = OptimizerPair(RegularizedAdamW(1e-3), RegularizedAdamW(2e-3))
    for rate in (0.0, 5e-4, 0.0, 1e-2):
        pair.learning_rate = rate
        assert rates(pair) == pytest.approx([rate, 2 * rate])
    assert float(pair.learning_rate) == pytest.approx(1e-2)


def test_refuses_one_optimizer_for_both():
    optimizer = RegularizedAdamW(1e-3)
    with pytest.raises(ValueError, match="Received: one optimizer for both"):
        OptimizerPair(optimizer, optimizer)
