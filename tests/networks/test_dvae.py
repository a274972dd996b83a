"""FactorQVAE's networks: sizes, initial weights, blocks by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.networks import dvae_image_decoder
from keras_qlae.networks import dvae_image_encoder

pytestmark = pytest.mark.one_backend


def convolution(inputs, outputs, size):
    return size * size * inputs * outputs + outputs


def block(inputs, outputs, sizes):
    widths = [inputs, *[outputs // 4] * 3, outputs]
    layers = zip(widths, widths[1:], sizes, strict=False)
    total = sum(convolution(*layer) for layer in layers)
    return total + (convolution(inputs, outputs, 1) if inputs != outputs else 0)


def test_numbers_of_parameters():
    """Counted from the widths of the published networks."""
    encoder = dvae_image_encoder((64, 64, 3), 12)
    expected = convolution(3, 128, 3)
    for pair in ((128, 128), (128, 256), (256, 512)):
        expected += block(*pair, (3, 3, 3, 1))
        expected += block(pair[1], pair[1], (3, 3, 3, 1))
    expected += 16 * 16 * 512 * 128 + 128 + 128 * 128 + 128 + 128 * 12 + 12
    assert encoder.count_params() == expected
    decoder = dvae_image_decoder(12, (64, 64, 3))
    expected = 12 * 64 * 16 * 16 + 64 * 16 * 16
    for pair in ((64, 512), (512, 256), (256, 128)):
        expected += block(*pair, (1, 3, 3, 3))
        expected += block(pair[1], pair[1], (1, 3, 3, 3))
    expected += convolution(128, 3, 1)
    assert decoder.count_params() == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: dvae_image_encoder((32, 32, 3), 12, "tiny", seed=seed),
        lambda seed: dvae_image_decoder(12, (32, 32, 3), "tiny", seed=seed),
    ],
    ids=["encoder", "decoder"],
)
def test_start_normal_with_biases_at_0(make):
    network = make(0)
    for variable in network.trainable_variables:
        values = ops.convert_to_numpy(variable)
        if variable.path.endswith("bias"):
            assert not np.any(values)
        elif values.size > 1000:
            assert values.std() == pytest.approx(0.02, rel=0.15)
    again, other = make(0).get_weights(), make(1).get_weights()
    for a, b, c in zip(network.get_weights(), again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or np.any(a != c)


def test_a_block_is_its_input_and_a_small_path():
    decoder = dvae_image_decoder(3, (8, 8, 1), "tiny", seed=0)
    for variable in decoder.trainable_variables:
        variable.assign(20 * ops.convert_to_numpy(variable))
    names = ["up1", "block1_res0_identity", "block1_res0_conv3", "block1_res0"]
    inner = keras.Model(
        decoder.input, [decoder.get_layer(name).output for name in names]
    )
    z = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    before, identity, path, after = map(ops.convert_to_numpy, inner(z))
    assert before.shape == (2, 4, 4, 64)
    assert np.abs(path).max() > 0.1
    # Three groups of one block.
    np.testing.assert_allclose(after, identity + path / 9, atol=1e-5)


def test_pixels_begin_about_one_half():
    """Where the networks add nothing yet, an output is a mean grey."""
    decoder = dvae_image_decoder(3, (8, 8, 1), "tiny", seed=0)
    pixels = ops.convert_to_numpy(decoder(np.zeros((1, 3), "float32")))
    np.testing.assert_allclose(pixels, 0.5)
    encoder = dvae_image_encoder((8, 8, 1), 2, "tiny", seed=0)
    grey = ops.convert_to_numpy(encoder(np.full((1, 8, 8, 1), 0.5, "float32")))
    np.testing.assert_array_equal(grey, 0)


def test_refuses():
    with pytest.raises(ValueError, match="must be multiples of 4"):
        dvae_image_encoder((10, 8, 1), 3)
    with pytest.raises(ValueError, match="'large', 'tiny'"):
        dvae_image_decoder(3, (8, 8, 1), "small")
