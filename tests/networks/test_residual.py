"""Tripod's networks against its authors', and their layers."""

import math
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.networks import residual_image_decoder
from keras_qlae.networks import residual_image_encoder
from keras_qlae.networks.residual import RESIDUAL_SIZES
from tests.derivatives import penalty
from tests.derivatives import penalty_gradients
from tests.networks.test_initializers import limits

REFERENCE = Path(__file__).parents[1] / "reference" / "tripod.npz"
SHAPE = (32, 32, 3)
SUFFIXES = {"gamma": "norm_scale", "beta": "norm_bias"}


def encoder(**kwargs):
    return residual_image_encoder(
        SHAPE, 4, widths=[5, 6, 7], dense_units=[11], num_residuals=2, **kwargs
    )


def decoder(**kwargs):
    return residual_image_decoder(
        4,
        SHAPE,
        widths=[7, 6, 5],
        style_units=[9, 9],
        num_residuals=2,
        **kwargs,
    )


def reference_name(variable, num_stages):
    """The authors' name of a variable, without `encoder/` or `decoder/`."""
    path = variable.path.split("/")
    if path[-1] == "input_map":
        return "input"
    last = SUFFIXES.get(path[-1], path[-1])
    layer = path[-3] if path[-2] == "dense" else path[-2]
    patterns = [
        (r"(down|up)(\d)_res(\d)_conv(\d)", r"\1\2/res\3/block{}/conv"),
        (r"(down|up)(\d)_res(\d)_norm(\d)", r"\1\2/res\3/block{}"),
        (r"(down|up)(\d)_res(\d)_style(\d)", r"\1\2/res\3/block{}/cond"),
    ]
    for pattern, name in patterns:
        match = re.fullmatch(pattern, layer)
        if match:
            return f"{match.expand(name).format(int(match[4]) + 1)}/{last}"
    layer = re.sub(r"(\w+\d)_res(\d)_identity", r"\1/res\2/identity", layer)
    layer = re.sub(r"(down\d)$", r"\1/downsample", layer)
    layer = re.sub(r"block(\d)$", r"up\1/upsample", layer)
    layer = layer.replace("conv_out", f"up{num_stages - 1}/upsample")
    return f"{layer.removesuffix('_norm')}/{last}"


@pytest.fixture
def reference(float64):
    """The reference values, and networks that start from them."""
    values = np.load(REFERENCE)
    parts = {"encoder": encoder(), "decoder": decoder()}
    names = []
    for part, network in parts.items():
        for variable in network.trainable_variables:
            names.append(f"init/{part}/{reference_name(variable, 3)}")
            variable.assign(values[names[-1]])
    assert sorted(names) == sorted(k for k in values if k.startswith("init/"))
    return values, parts["encoder"], parts["decoder"]


@pytest.mark.slow_on("jax")
def test_forward_pass(reference):
    values, encoder, decoder = reference
    x = ops.convert_to_tensor(values["x/0"].astype("float64"))
    latents = ops.convert_to_numpy(ops.tanh(encoder(x)))
    np.testing.assert_allclose(latents, values["out/z_c"], rtol=0, atol=1e-9)
    taps = keras.Model(
        decoder.input,
        {
            "cond": decoder.get_layer("cond").output,
            "block0": decoder.get_layer("block0").output,
            "logits": decoder.output,
        },
    )
    outputs = taps(ops.convert_to_tensor(values["out/z_q"]))
    for name, output in outputs.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(output),
            values[f"out/{name}"],
            rtol=0,
            atol=1e-9,
        )


@pytest.mark.one_backend
def test_layers_of_the_taps_and_constants():
    network = decoder()
    assert network.get_layer("cond").output.shape == (None, 9)
    assert network.get_layer("block0").output.shape == (None, 8, 8, 6)
    assert network.get_layer("block1").output.shape == (None, 16, 16, 5)
    initial = ops.convert_to_numpy(network.get_layer("map").input_map)
    np.testing.assert_array_equal(initial, 1.0)
    assert network.get_layer("up0_res0_style0").epsilon == 1e-5
    assert network.get_layer("cond0_norm").epsilon == 1e-5
    assert encoder().get_layer("down0_res0_norm0").epsilon == 1e-5


@pytest.mark.one_backend
def test_sizes():
    """A decoder mirrors the encoder; the paper's maps are 4x4x512."""
    network = residual_image_encoder((64, 64, 3), 12)
    assert network.get_layer("down3").output.shape == (None, 4, 4, 512)
    assert network.get_layer("dense0").units == 512
    network = residual_image_decoder(12, (64, 64, 3))
    assert network.get_layer("map").output.shape == (None, 4, 4, 512)
    shapes = [network.get_layer(f"block{i}").output.shape for i in range(3)]
    assert shapes == [
        (None, 8, 8, 256),
        (None, 16, 16, 128),
        (None, 32, 32, 64),
    ]
    assert network.get_layer("cond").output.shape == (None, 256)
    tiny = residual_image_decoder(4, (32, 32, 1), "tiny")
    assert tiny.get_layer("map").output.shape == (None, 4, 4, 64)
    assert tiny.output_shape == (None, 32, 32, 1)
    tiny = residual_image_encoder((32, 32, 1), 4, "tiny")
    assert tiny.get_layer("down2").output.shape == (None, 4, 4, 64)


@pytest.mark.parametrize("make", [encoder, decoder])
def test_uniform_up_to_the_limit(make):
    """Kernels and biases start within ±1/sqrt(fan_in), and fill it."""
    count = 0
    for variable, limit in limits(make(seed=0)):
        largest = np.abs(ops.convert_to_numpy(variable.value)).max()
        assert largest <= limit, variable.path
        if math.prod(variable.shape) >= 40:  # missed once in 600, seeded
            assert largest > 0.85 * limit, variable.path
            count += 1
    assert count >= 10


@pytest.mark.one_backend
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_head_and_logits_compute_in_float32(policy):
    assert encoder(dtype=policy).get_layer("head").compute_dtype == "float32"
    network = decoder(dtype=policy)
    assert network.get_layer("conv_out").compute_dtype == "float32"
    assert network.get_layer("block0").compute_dtype == policy[6:]


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_second_order_gradients(part, float64):
    """Of a gradient penalty, against central differences."""
    small = {"seed": 0, "num_residuals": 1}
    rng = np.random.default_rng(1)
    if part == "encoder":
        network = residual_image_encoder(
            (4, 4, 1), 2, widths=[2, 3], dense_units=[3], **small
        )
        inputs = rng.random((2, 4, 4, 1))
    else:
        network = residual_image_decoder(
            3, (4, 4, 1), widths=[2], style_units=[4], **small
        )
        inputs = rng.normal(size=(2, 3))
    weights = [rng.normal(0, 0.5, v.shape) for v in network.trainable_variables]
    arrays = [inputs, *weights]
    directions = [rng.normal(size=a.shape) for a in arrays]

    def function(inputs, *weights):
        outputs, _ = network.stateless_call(list(weights), [], inputs)
        return ops.sum(ops.tanh(outputs))

    def moved(step):
        moved = zip(arrays, directions, strict=True)
        return penalty(function, *(a + step * d for a, d in moved))

    h = 1e-6
    slopes = penalty_gradients(function, *arrays)
    # PyTorch has None for what the penalty does not depend on.
    actual = sum(
        np.sum(s * d)
        for s, d in zip(slopes, directions, strict=True)
        if s.dtype != object
    )
    # Rounding of 1e-16 over a step of 1e-6, and an error of order h**2.
    expected = (moved(h) - moved(-h)) / (2 * h)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


class TestErrors:
    MAKERS = (
        lambda shape, **kw: residual_image_encoder(shape, 3, **kw),
        lambda shape, **kw: residual_image_decoder(3, shape, **kw),
    )

    @pytest.mark.parametrize("make", MAKERS)
    def test_of_both(self, make):
        message = ", ".join(map(repr, RESIDUAL_SIZES))
        with pytest.raises(ValueError, match=rf"{message}.*'huge'"):
            make((64, 64, 3), size="huge")
        with pytest.raises(ValueError, match="multiples of 16"):
            make((40, 40, 3))
        with pytest.raises(ValueError, match="this network is for images"):
            make((64, 64))
        for widths in ([], [4, 0], [4.0, 4]):
            with pytest.raises(ValueError, match="`widths` must be at least"):
                make((64, 64, 3), widths=widths)

    def test_no_style(self):
        with pytest.raises(ValueError, match="`style_units` must have"):
            residual_image_decoder(3, (64, 64, 3), style_units=[])
