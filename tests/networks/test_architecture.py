"""Which layers, in which order, with which sizes; and errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import networks
from keras_qlae.networks.sizes import SIZES
from keras_qlae.networks.sizes import decoder_size
from keras_qlae.networks.sizes import encoder_size


def kinds(network):
    return [type(layer).__name__ for layer in network.layers][1:]


def by_name(network, name):
    return keras.Model(network.input, network.get_layer(name).output)


TWO = {"blocks": [(4, 3, 1), (6, 4, 2)], "dense_units": [7, 5]}


@pytest.mark.one_backend
class TestBlockOrder:
    def test_image_encoder(self):
        block = ["Conv2D", "InstanceNormalization", "LeakyReLU"]
        network = networks.image_encoder((8, 8, 1), 3, **TWO)
        expected = [*block, *block, "Flatten", "Dense", "Dense", "Dense"]
        assert kinds(network) == expected
        trunk = networks.image_trunk((8, 8, 1), 3, **TWO)
        assert kinds(trunk) == [*expected, "Dense"]
        assert trunk.output_shape == [(None, 3), (None, 1)]

    def test_style_image_decoder(self):
        block = ["Conv2DTranspose", "LeakyReLU", "StyleModulation"]
        network = networks.style_image_decoder(3, (8, 8, 1), **TWO)
        names = sorted(kinds(network))
        assert names == sorted(
            ["LearnedMap", "Dense", "Dense", *block, *block, "Conv2D"]
        )
        for i in range(2):
            assert self.source(network, f"style{i}") == f"activation{i}"
            source = self.source(network, f"activation{i}")
            assert source == f"conv_transpose{i}"
        assert self.source(network, "conv_transpose0") == "map"
        assert self.source(network, "conv_out") == "style1"

    def test_image_decoder(self):
        block = ["Conv2DTranspose", "InstanceNormalization", "LeakyReLU"]
        dense = ["Dense", "Dense", "Dense", "Reshape"]
        network = networks.image_decoder(3, (8, 8, 1), **TWO)
        assert kinds(network) == [*dense, *block, *block, "Conv2D"]

    def test_dense_networks(self):
        block = ["Dense", "LayerNormalization", "ReLU"]
        encoder = networks.dense_encoder((4, 4, 1), 3, dense_units=[6, 5])
        assert kinds(encoder) == ["Reshape", *block, *block, "Dense"]
        decoder = networks.dense_decoder(3, (4, 4, 1), dense_units=[6, 5])
        assert kinds(decoder) == [*block, *block, "Dense", "Reshape"]
        assert decoder.get_layer("norm0").epsilon == 1e-5

    def source(self, network, name):
        """The layer that feeds the first input of another."""
        tensor = network.get_layer(name)._inbound_nodes[0].input_tensors[0]
        return tensor._keras_history.operation.name


@pytest.mark.one_backend
def test_constants_of_the_paper():
    network = networks.image_encoder((8, 8, 1), 3, **TWO)
    assert network.get_layer("norm0").epsilon == 1e-6
    x = ops.array([[-1.0, 2.0]])
    activation = network.get_layer("activation0")
    np.testing.assert_allclose(ops.convert_to_numpy(activation(x)), [[-0.2, 2]])
    for name in ("conv0", "conv1"):
        assert not network.get_layer(name).use_bias
        assert network.get_layer(name).padding == "same"
    decoder = networks.style_image_decoder(3, (8, 8, 1), **TWO)
    assert decoder.get_layer("style0").epsilon == 1e-6
    assert decoder.get_layer("conv_out").kernel_size == (3, 3)
    decoder = networks.image_decoder(3, (8, 8, 1), **TWO)
    assert decoder.get_layer("norm0").epsilon == 1e-6
    assert decoder.get_layer("conv_out").kernel_size == (1, 1)


def test_the_style_reaches_every_block_and_the_map_none():
    """Latents act only through scale and shift."""
    network = networks.style_image_decoder(3, (8, 8, 1), **TWO, seed=0)
    z = np.array([[1.0, 2.0, -1.0], [0.0, -3.0, 1.0]], "float32")
    before = ops.convert_to_numpy(by_name(network, "activation0")(z))
    # The examples of a batch may be summed in another order: float32.
    np.testing.assert_allclose(before[0], before[1], rtol=0, atol=1e-7)
    for name in ("style0", "style1"):
        after = ops.convert_to_numpy(by_name(network, name)(z))
        assert np.abs(after[0] - after[1]).max() > 1e-2


@pytest.mark.one_backend
class TestSizes:
    def test_names(self):
        assert set(SIZES) == {"large", "small", "tiny"}

    def test_large(self):
        blocks = encoder_size("large", None, None).blocks
        widths = [b.width for b in blocks]
        assert widths == [w for w in (32, 64, 128, 256) for _ in range(3)]
        assert [b.kernel_size for b in blocks] == [3, 3, 4] * 4
        assert [b.strides for b in blocks] == [1, 1, 2] * 4

    def test_decoders_have_the_widths_in_reverse_and_strides_in_order(self):
        blocks = decoder_size("large", None, None).blocks
        assert [b.width for b in blocks][:4] == [256, 256, 256, 128]
        assert [b.strides for b in blocks] == [1, 1, 2] * 4

    def test_own_blocks_and_units_replace_the_named_ones(self):
        size = decoder_size("small", [(3, 2, 1), (9, 4, 2)], None)
        assert [tuple(b) for b in size.blocks] == [(3, 2, 1), (9, 4, 2)]
        assert size.dense_units == SIZES["small"].dense_units
        size = encoder_size("small", None, [4])
        assert size.blocks == SIZES["small"].blocks
        assert size.dense_units == (4,)

    def test_map_channels(self):
        for decoder in (networks.style_image_decoder, networks.image_decoder):
            network = decoder(3, (8, 8, 1), **TWO)
            assert network.get_layer("map").output.shape[1:] == (4, 4, 4)
            network = decoder(3, (8, 8, 1), **TWO, map_channels=9)
            assert network.get_layer("map").output.shape[1:] == (4, 4, 9)


@pytest.mark.one_backend
def test_images_that_are_not_square():
    """And do not divide into a map of powers of two: 12 x 20 over 4."""
    blocks = [(4, 4, 2), (4, 3, 2)]
    encoder = networks.image_encoder((12, 20, 2), 3, blocks=blocks)
    assert encoder.get_layer("activation1").output.shape == (None, 3, 5, 4)
    for decoder in (networks.style_image_decoder, networks.image_decoder):
        network = decoder(3, (12, 20, 2), blocks=blocks)
        assert network.get_layer("map").output.shape == (None, 3, 5, 4)
        assert network.output_shape == (None, 12, 20, 2)
    assert networks.dense_decoder(
        3, (3, 5, 2), dense_units=[4]
    ).output_shape == (None, 3, 5, 2)


@pytest.mark.one_backend
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_heads_and_logits_compute_in_float32(policy):
    """Not only their outputs: the layers' own arithmetic."""
    encoder = networks.image_encoder((8, 8, 1), 3, **TWO, dtype=policy)
    style = networks.style_image_decoder(3, (8, 8, 1), **TWO, dtype=policy)
    plain = networks.image_decoder(3, (8, 8, 1), **TWO, dtype=policy)
    assert encoder.get_layer("head").compute_dtype == "float32"
    assert encoder.get_layer("conv0").compute_dtype == policy[6:]
    for decoder in (style, plain):
        assert decoder.get_layer("conv_out").compute_dtype == "float32"
        assert decoder.get_layer("conv_transpose0").compute_dtype == policy[6:]


@pytest.mark.one_backend
class TestErrors:
    MAKERS = (
        lambda shape, **kw: networks.image_trunk(shape, 3, **kw),
        lambda shape, **kw: networks.image_encoder(shape, 3, **kw),
        lambda shape, **kw: networks.style_image_decoder(3, shape, **kw),
        lambda shape, **kw: networks.image_decoder(3, shape, **kw),
    )

    @pytest.mark.parametrize("make", MAKERS)
    def test_strides_that_do_not_divide(self, make):
        message = r"multiples of 4.*\(8, 10, 1\), strides=\(2, 2\)"
        with pytest.raises(ValueError, match=message):
            make((8, 10, 1), blocks=[(4, 4, 2), (4, 4, 2)])
        with pytest.raises(ValueError, match="multiples of 16"):
            make((40, 40, 3))

    @pytest.mark.parametrize("make", MAKERS)
    @pytest.mark.parametrize("shape", [(8, 8, 0), (8, None, 1), ()])
    def test_not_an_image_shape(self, make, shape):
        with pytest.raises(ValueError, match=r"\(height, width, channels\)"):
            make(shape)

    @pytest.mark.parametrize("make", MAKERS)
    def test_a_shape_of_vectors(self, make):
        with pytest.raises(ValueError, match="this network is for images"):
            make((8, 8))

    @pytest.mark.parametrize("make", MAKERS)
    def test_unknown_size(self, make):
        message = "'large', 'small', 'tiny'.*'huge'"
        with pytest.raises(ValueError, match=message):
            make((16, 16, 3), size="huge")

    @pytest.mark.parametrize("make", MAKERS)
    @pytest.mark.parametrize(
        "blocks", [[], [4, 4], [(4, 4)], [(4, 4, 0)], [(4.0, 4, 2)]]
    )
    def test_not_blocks(self, make, blocks):
        message = r"\(width, kernel_size, strides\).*Received: blocks="
        with pytest.raises(ValueError, match=message):
            make((16, 16, 3), blocks=blocks)

    def test_of_dense_networks(self):
        with pytest.raises(ValueError, match="this network is for images"):
            networks.dense_encoder((8, 8), 3)
        with pytest.raises(ValueError, match="this network is for images"):
            networks.dense_decoder(3, (8, 8))
