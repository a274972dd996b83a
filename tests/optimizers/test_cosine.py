"""A learning rate along half a cosine."""

import numpy as np
import pytest
from keras import ops

from keras_qlae.optimizers import Cosine


@pytest.mark.parametrize("final", [0.0, 1e-5])
def test_follows_half_a_cosine_and_stays(final):
    schedule = Cosine(1e-3, total_steps=80, final=final)
    rates = [float(ops.convert_to_numpy(schedule(i))) for i in (0, 20, 40, 80)]
    shares = [1, (1 + np.sqrt(0.5)) / 2, 0.5, 0]
    expected = [final + (1e-3 - final) * share for share in shares]
    np.testing.assert_allclose(rates, expected, rtol=1e-5, atol=1e-9)
    assert float(ops.convert_to_numpy(schedule(200))) == pytest.approx(final)
    copy = Cosine.from_config(schedule.get_config())
    assert float(ops.convert_to_numpy(copy(20))) == rates[1]


@pytest.mark.parametrize("values", [(0, 0.0), (10, -1.0), (10, float("inf"))])
def test_refuses(values):
    with pytest.raises(ValueError, match="`final` at least 0"):
        Cosine(1e-3, *values)
