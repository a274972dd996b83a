"""The plain autoencoder's latent, and methods of every latent."""

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import ContinuousLatent
from keras_qlae.layers import Latent
from keras_qlae.layers.latent import LatentOutputs


def test_passes_its_input_on():
    z = np.array([[-0.5, 2.0], [1e6, 0.0]], "float32")
    latent = ContinuousLatent(2)
    result = latent.compute(z)
    for tensor in (latent(z), result.outputs, result.codes, latent.values(z)):
        np.testing.assert_array_equal(ops.convert_to_numpy(tensor), z)
    assert result.losses == {}
    assert latent.losses == []
    assert latent.weights == []
    assert not latent.is_discrete


def test_codes_stay_float32_under_a_mixed_policy():
    z = np.array([[1 + 2**-12]], "float32")  # 1 in float16
    latent = ContinuousLatent(1, dtype="mixed_float16")
    codes = ops.convert_to_numpy(latent.codes(z))
    assert codes.dtype == "float32"
    assert codes[0, 0] == 1 + 2**-12
    assert ops.convert_to_numpy(latent(z)).dtype == "float16"


def test_has_no_prior():
    latent = ContinuousLatent(2)
    for method in (latent.sample, latent.sample_codes):
        with pytest.raises(ValueError, match="`ContinuousLatent` has no prior"):
            method(5)


def test_width_is_checked():
    with pytest.raises(ValueError, match=r"last axis is 2 wide.*\(4, 3\)"):
        ContinuousLatent(2)(np.zeros((4, 3), "float32"))


def test_a_latent_of_ones_own():
    """Other widths, a loss by name: `call` weights and adds it."""

    class Halved(Latent):
        num_inputs = 4
        loss_weights = {"size_loss": 10.0}  # noqa: RUF012

        def compute(self, inputs, training=None, noise=None):
            halves = ops.sum(ops.reshape(inputs, (-1, 2, 2)), axis=-1)
            losses = {"size_loss": ops.sum(ops.square(inputs), axis=-1)}
            return LatentOutputs(halves, losses, halves)

    latent = Halved(2)
    outputs = latent(np.array([[1.0, 2.0, 3.0, 4.0]], "float32"))
    assert ops.convert_to_numpy(outputs).tolist() == [[3.0, 7.0]]
    np.testing.assert_allclose(float(latent.losses[0]), 10 * 30)
