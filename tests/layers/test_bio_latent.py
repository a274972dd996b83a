"""The latent of a BioAE."""

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import BioLatent
from tests.derivatives import gradients


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def test_by_hand():
    """(0.5 + 0) / 2; (0.25 + 4) / 2; nothing negative; (1 + 9) / 2."""
    z = np.array([[-0.5, 2.0], [1.0, 3.0]], "float32")
    latent = BioLatent(2, nonnegativity_weight=2.0, activity_weight=0.5)
    result = latent.compute(z)
    for tensor in (result.outputs, result.codes, latent.values(z), latent(z)):
        np.testing.assert_array_equal(numpy(tensor), z)
    losses = {name: numpy(x).tolist() for name, x in result.losses.items()}
    assert losses == {
        "nonnegativity_loss": [0.25, 0.0],
        "activity_loss": [2.125, 5.0],
    }
    added = [float(numpy(loss)) for loss in latent.losses]
    np.testing.assert_allclose(added, [2 * 0.125, 0.5 * 3.5625])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nonnegativity_loss", [-0.5, 0.0]), ("activity_loss", [-0.5, 2.0])],
)
def test_gradients_reach_the_input(name, expected):
    z = np.array([[-0.5, 2.0]], "float32")
    latent = BioLatent(2)
    actual = gradients(lambda z: ops.sum(latent.compute(z).losses[name]), z)
    np.testing.assert_allclose(actual[0], [expected])


def test_has_no_prior():
    with pytest.raises(ValueError, match="`BioLatent` has no prior"):
        BioLatent(2).sample(3)


@pytest.mark.parametrize("name", ["nonnegativity_weight", "activity_weight"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf")])
def test_refuses_weights_that_are_not_positive(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a positive"):
        BioLatent(2, **{name: value})
