"""The latent of a VQ-VAE, against NumPy."""

import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import VectorQuantizer
from tests.derivatives import gradients
from tests.gradients import gradients_of


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def quantizer(**kwargs):
    layer = VectorQuantizer(3, 7, 4, seed=0, **kwargs)
    layer.build((None, layer.num_inputs))
    return layer


def inputs(*leading):
    shape = (*leading, 12)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("leading", [(50,), (4, 5)], ids=["2", "3"])
def test_equals_numpy(leading):
    layer = quantizer()
    table = numpy(layer.embeddings)
    z = inputs(*leading)
    vectors = z.reshape(*leading, 3, 1, 4)
    codes = np.linalg.norm(vectors - table, axis=-1).argmin(axis=-1)
    values = table[codes].reshape(z.shape)
    result = layer.compute(z)
    assert numpy(result.codes).dtype == "int32"
    np.testing.assert_array_equal(numpy(result.codes), codes)
    np.testing.assert_array_equal(numpy(layer.codes(z)), codes)
    # To the last bit: the decoder meets the table's vectors, nothing else.
    np.testing.assert_array_equal(numpy(result.outputs), values)
    np.testing.assert_array_equal(numpy(layer.values(codes)), values)
    for loss in result.losses.values():
        np.testing.assert_allclose(
            numpy(loss), np.mean((z - values) ** 2, axis=-1), rtol=1e-5
        )


def test_call_adds_the_weighted_means():
    layer = quantizer(quantization_weight=0.5, commitment_weight=2.0)
    z = inputs(6)
    mean = numpy(layer.compute(z).losses["commitment_loss"]).mean()
    layer(z)
    added = [float(numpy(loss)) for loss in layer.losses]
    np.testing.assert_allclose(added, [0.5 * mean, 2 * mean], rtol=1e-5)


def test_table_starts_with_vectors_of_length_one():
    layer = VectorQuantizer(2, seed=0)
    layer.build((None, 128))
    table = numpy(layer.embeddings)
    assert table.shape == (512, 64)
    assert np.abs(table).max() <= (3 / 64) ** 0.5
    np.testing.assert_allclose((table**2).sum(axis=1).mean(), 1, atol=0.02)


class TestGradients:
    """Of each thing: to the input, and to the table."""

    z = inputs(5)
    used = np.random.default_rng(1).normal(size=(5, 12)).astype("float32")

    def both(self, pick):
        layer = quantizer()
        by_table = gradients_of(lambda: ops.sum(pick(layer, self.z)), layer)
        by_table = by_table[id(layer.embeddings)]
        by_input = gradients(lambda z: ops.sum(pick(layer, z)), self.z)[0]
        if by_table is None:  # how a backend says zero
            by_table = np.zeros((7, 4), "float32")
        return by_input, by_table

    def expected(self):
        """The mean square's gradient, by the input and by the table."""
        layer = quantizer()
        codes = numpy(layer.codes(self.z))
        error = (self.z - numpy(layer.values(codes))).reshape(5, 3, 4)
        by_table = np.zeros((7, 4), "float32")
        np.add.at(by_table, codes, -2 * error / 12)
        return (2 * error / 12).reshape(5, 12), by_table

    def test_quantization_loss_to_the_table_only(self):
        by_input, by_table = self.both(
            lambda layer, z: (
                layer.compute(z).losses["quantization_loss"] + 0 * ops.sum(z)
            )
        )
        np.testing.assert_array_equal(by_input, 0)
        np.testing.assert_allclose(by_table, self.expected()[1], atol=1e-6)

    def test_commitment_loss_to_the_input_only(self):
        by_input, by_table = self.both(
            lambda layer, z: (
                layer.compute(z).losses["commitment_loss"]
                + 0 * ops.sum(layer.embeddings)
            )
        )
        np.testing.assert_allclose(by_input, self.expected()[0], atol=1e-6)
        np.testing.assert_array_equal(by_table, 0)

    def test_output_to_the_input_unchanged(self):
        by_input, by_table = self.both(
            lambda layer, z: (
                ops.multiply(self.used, layer.compute(z).outputs)
                + 0 * ops.sum(layer.embeddings)
            )
        )
        np.testing.assert_array_equal(by_input, self.used)
        np.testing.assert_array_equal(by_table, 0)

    def test_values_to_the_table(self):
        layer = quantizer()
        codes = np.array([[0, 2, 2]])
        by_table = gradients_of(lambda: ops.sum(layer.values(codes)), layer)
        by_table = by_table[id(layer.embeddings)]
        if hasattr(by_table, "values"):
            pytest.fail("a dense gradient is expected")
        expected = np.zeros((7, 4))
        expected[[0, 2]] = [[1], [2]]
        np.testing.assert_array_equal(by_table, expected)


def test_has_no_prior():
    with pytest.raises(ValueError, match="`VectorQuantizer` has no prior"):
        quantizer().sample(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_embeddings": 1}, "at least 2.*num_embeddings=1"),
        ({"embedding_dim": 0}, "at least 1.*embedding_dim=0"),
        ({"commitment_weight": -1.0}, "commitment_weight=-1.0"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        VectorQuantizer(3, **arguments)


def test_refuses_codes_outside_the_table():
    with pytest.raises(ValueError, match="latent 1 must be from 0 to 6"):
        quantizer().values([[0, 7, 0]])
