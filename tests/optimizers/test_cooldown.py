"""A learning rate that is constant and then decreases."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.optimizers import Cooldown


def test_is_constant_then_decreases_to_zero():
    schedule = Cooldown(2e-3, total_steps=1000, fraction=0.2)
    steps = np.arange(0, 1101, 50)
    rates = [float(ops.convert_to_numpy(schedule(step))) for step in steps]
    expected = np.interp(steps, [0, 800, 1000, 1100], [2e-3, 2e-3, 0, 0])
    np.testing.assert_allclose(rates, expected, rtol=1e-5, atol=1e-9)


def test_is_followed_in_fit_and_survives_a_file(small_model, tmp_path):
    from keras_qlae.optimizers import RegularizedAdamW

    small_model.compile(RegularizedAdamW(Cooldown(1e-2, total_steps=4)))
    images = np.zeros((40, 8, 8, 1), "uint8")
    small_model.fit(images, batch_size=10, verbose=0)
    small_model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    rate = loaded.optimizer.learning_rate
    assert float(ops.convert_to_numpy(rate)) == 0  # after the last step
    before = [np.array(ops.convert_to_numpy(v)) for v in loaded.variables]
    loaded.fit(images[:10], batch_size=10, verbose=0)
    kernel = loaded.encoder.get_layer("conv0").kernel
    index = [v is kernel for v in loaded.variables].index(True)
    np.testing.assert_array_equal(before[index], ops.convert_to_numpy(kernel))


@pytest.mark.parametrize("values", [(0, 0.2), (10, 0.0), (10, 1.5)])
def test_refuses(values):
    with pytest.raises(ValueError, match="`fraction` in"):
        Cooldown(1e-3, *values)
