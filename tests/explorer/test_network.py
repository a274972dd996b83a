import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import networks
from keras_qlae import recipes
from keras_qlae.explorer.network import network_of
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.networks.blocks import approximate_gelu
from tests.explorer.node import needs_node
from tests.explorer.node import run_network
from tests.explorer.node import run_node

TOLERANCE = 1e-5  # the page must be as near to the model as this


def difference(model, folder, dtype="float32", wasm=True, as_images=False):
    """The largest difference of outputs between node and Keras."""
    rng = np.random.default_rng(0)
    for weight in model.weights:  # else biases and scales may be 0 and 1
        if len(weight.shape) == 1:
            noise = rng.normal(0, 0.1, weight.shape)
            weight.assign(ops.convert_to_numpy(weight) + noise)
    inputs = rng.random((3, *model.input_shape[1:]), "float32")
    wanted = ops.convert_to_numpy(model(inputs, training=False))
    network = network_of(model, dtype)
    found = run_network(network, inputs, folder, wasm)
    if as_images:
        found, wanted = 1 / (1 + np.exp(-found)), 1 / (1 + np.exp(-wanted))
    return np.abs(found - wanted.reshape(3, -1)).max()


def networks_of_recipes():
    """Every network that a recipe builds, once.

    Those of many recipes are the same but for the width of the latent.
    """
    found = {}
    for name in recipes.available():
        if name.endswith("-vectors"):
            continue  # the page shows images
        recipe = recipes.get(name)
        size = 64 if name.endswith("-paper") else 32
        for seat in ("encoder", "decoder"):
            key = (recipe.part(seat), recipe.part("model").name, size)
            found.setdefault(repr(key), (name, seat, size))
    of_64 = pytest.mark.slow
    return [
        pytest.param(*each, marks=[of_64] if each[-1] == 64 else [])
        for each in found.values()
    ]


@pytest.mark.one_backend
@needs_node
@pytest.mark.parametrize(("name", "seat", "size"), networks_of_recipes())
def test_networks_of_recipes_match_keras(name, seat, size, tmp_path):
    model = recipes.compiled_model(
        recipes.get(name), (size, size, 3), 6, num_examples=1000
    )
    # Of Tripod's own decoder Keras' logits are 2.6e-5 from those in float64:
    # there the images are compared.
    as_images = (name, seat) == ("tripod-paper", "decoder")
    found = difference(getattr(model, seat), tmp_path, as_images=as_images)
    assert found < TOLERANCE


@pytest.mark.one_backend
@needs_node
@pytest.mark.parametrize(
    "model",
    [
        lambda: networks.dense_encoder((16, 16, 3), 5, dense_units=[96, 80]),
        lambda: networks.dense_decoder(5, (16, 16, 3), dense_units=[96, 80]),
        lambda: networks.image_decoder(5, (32, 32, 1), "small"),
        lambda: networks.image_encoder((32, 48, 1), 5, "tiny"),
        lambda: networks.image_decoder(5, (128, 64, 3), "tiny"),
    ],
    ids=["dense encoder", "dense decoder", "plain small", "grey", "128x64"],
)
def test_other_networks_match_keras(model, tmp_path):
    assert difference(model(), tmp_path) < TOLERANCE


def chain(shape, *operations):
    inputs = x = keras.Input(shape)
    for operation in operations:
        x = operation(x)
    return keras.Model(inputs, x)


def residual(x):
    return keras.layers.Add()([x, keras.layers.Conv2D(4, 3, padding="same")(x)])


class Renamed(keras.layers.Conv2D):
    """Computes the same as its base."""


CHAINS = {
    "dense on a map": [keras.layers.Dense(5, activation="relu")],
    "valid": [
        keras.layers.Conv2D(5, (3, 2), strides=(2, 1), activation="silu")
    ],
    "same": [keras.layers.Conv2D(16, (4, 5), strides=(3, 2), padding="same")],
    "1x1": [keras.layers.Conv2D(7, 1, activation="gelu")],
    "subclass": [Renamed(3, 3)],
    "large": [keras.layers.UpSampling2D(12), keras.layers.Conv2D(8, 3)],
    "spread": [layers.Conv2DTranspose(5, 3, strides=2, padding="same")],
    "spread 5": [keras.layers.Conv2DTranspose(6, 5, strides=2, padding="same")],
    "spread (2, 4)": [
        layers.Conv2DTranspose(
            3, (2, 4), strides=(2, 1), padding="same", activation="tanh"
        )
    ],
    "turned round": [layers.Conv2DTranspose(5, (3, 5), padding="same")],
    "pooled": [
        keras.layers.MaxPooling2D((2, 3)),
        keras.layers.Conv2D(4, 1),
        keras.layers.MaxPooling2D(),
    ],
    "rescaled": [
        keras.layers.Rescaling(2.0, -1.0),
        layers.SpaceToDepth(2),
        keras.layers.Activation(approximate_gelu),
    ],
    "normalized": [
        layers.InstanceNormalization(center=False),
        layers.LayerNormalization(scale=False),
        keras.layers.LayerNormalization(),
    ],
    "residual": [
        residual,
        keras.layers.Activation("gelu"),
        residual,
        keras.layers.UpSampling2D((2, 3)),
        keras.layers.GlobalAveragePooling2D(),
    ],
    "operations": [
        lambda x: ops.gelu(x + ops.tanh(x)),
        lambda x: ops.silu(ops.gelu(ops.relu(x), approximate=False)),
        lambda x: ops.sigmoid(ops.reshape(x, (-1, 240))),
    ],
    "space to depth": [
        keras.layers.Reshape((3, 2, 5, 2, 4)),
        keras.layers.Permute((1, 3, 2, 4, 5)),
        keras.layers.Reshape((3, 5, 16)),
        keras.layers.Dropout(0.5),
        keras.layers.ReLU(negative_slope=0.1),
        keras.layers.Flatten(),
    ],
}


@needs_node
@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(
    "wasm",
    [
        pytest.param(True, id="wasm"),
        pytest.param(False, id="plain", marks=pytest.mark.one_backend),
    ],
)
def test_layers_match_keras(name, wasm, tmp_path):
    """Chains of operations on a map of 6x10 places and 4 channels."""
    made = [
        type(each).from_config(each.get_config())
        if isinstance(each, keras.layers.Layer)
        else each
        for each in CHAINS[name]
    ]
    model = chain((6, 10, 4), *made)
    assert difference(model, tmp_path, wasm=wasm) < TOLERANCE


@pytest.mark.one_backend
@needs_node
def test_float16_weights_are_as_near_as_their_rounding(tmp_path):
    model = networks.style_image_decoder(
        4, (16, 16, 3), "tiny", blocks=[(8, 4, 2)]
    )
    exact = difference(model, tmp_path)
    rounded = difference(model, tmp_path, dtype="float16")
    assert exact < TOLERANCE < rounded < 1e-2
    whole, half = network_of(model, "float32"), network_of(model)
    assert len(whole.weights) == 2 * len(half.weights)


@pytest.mark.one_backend
@needs_node
def test_float16_is_read_exactly(tmp_path):
    halves = np.arange(2**16, dtype=np.uint16)
    halves = halves[np.isfinite(halves.view(np.float16))]
    halves.tofile(tmp_path / "halves")
    run_node("widen.mjs", tmp_path)
    found = np.fromfile(tmp_path / "whole", np.float32)
    assert (found == halves.view(np.float16).astype(np.float32)).all()


@pytest.mark.one_backend
def test_unknown_layers_are_named():
    class Doubled(keras.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    for model, match in (
        (chain((4,), Doubled(3, name="mine")), "Doubled 'mine'"),
        (
            chain((4, 4, 3), keras.layers.AveragePooling2D(2)),
            "AveragePooling2D",
        ),
        (chain((4, 4, 3), keras.layers.MaxPooling2D(2, 1)), "`strides`"),
        (chain((4,), ops.sin), "Sin"),
        (
            chain((8, 8, 3), keras.layers.Conv2D(3, 3, dilation_rate=2)),
            "dilation",
        ),
        (chain((8, 8, 4), keras.layers.Conv2D(4, 3, groups=2)), "groups=2"),
        (chain((4,), keras.layers.Dense(3, activation="selu")), "'selu'"),
        (
            chain(
                (4, 4, 3), keras.layers.UpSampling2D(interpolation="bilinear")
            ),
            "bilinear",
        ),
    ):
        with pytest.raises(UnknownLayerError, match=match) as error:
            network_of(model)
        assert "--serve" in str(error.value)


@pytest.mark.one_backend
def test_networks_that_are_no_chain_of_steps_are_refused():
    dense = keras.layers.Dense(4)
    x = keras.Input((4,))
    twice = keras.Model(x, dense(dense(x)))
    with pytest.raises(UnknownLayerError, match="used 2 times"):
        network_of(twice)
    with pytest.raises(UnknownLayerError, match="one output"):
        network_of(networks.image_trunk((16, 16, 3), 4, "tiny"))
    with pytest.raises(UnknownLayerError, match="functional"):
        network_of(keras.Sequential())
    with pytest.raises(ValueError, match="`dtype` must be one of float16"):
        network_of(twice, "int8")
