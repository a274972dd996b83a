"""What every public layer, network and model must do, one table for all.

A public name that is missing from the tables fails the suite.
"""

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from tests.compiled import compiled

BLOCKS = {"blocks": [(4, 4, 2)], "dense_units": [6], "seed": 0}
EXEMPT = {"Latent"}  # the abstract base of the latents

# Half the spacing of float16 and bfloat16 is 2**-11 and 2**-9; a few layers
# of sums and one normalization make that about ten times larger.
POLICIES = {"mixed_float16": 1e-2, "mixed_bfloat16": 4e-2}


@dataclasses.dataclass
class Case:
    """How to make one, and the shapes of its inputs without the batch."""

    make: Callable[[], Any]
    shapes: list[tuple[int, ...]]
    keeps_float32: bool = False  # outputs under a mixed policy
    has_input_gradient: bool = True
    noise: tuple[int, ...] = ()  # what a latent draws for one of its own


def autoencoder():
    latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4])
    return models.Autoencoder(
        networks.image_encoder((8, 8, 1), latent.num_inputs, **BLOCKS),
        latent,
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **BLOCKS),
        seed=1,
    )


def factor_vae():
    latent = layers.GaussianLatent(3, 64, seed=3)
    return models.FactorVAE(
        networks.image_encoder((8, 8, 1), latent.num_inputs, **BLOCKS),
        latent,
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **BLOCKS),
        discriminator_units=[5],
        seed=1,
    )


def gan():
    latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4])
    return models.InfoWGANGP(
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **BLOCKS),
        networks.image_trunk((8, 8, 1), latent.num_inputs, **BLOCKS),
        latent,
        seed=1,
    )


def both_heads():
    """The outputs of a trunk side by side."""
    trunk = networks.image_trunk((8, 8, 1), 3, **BLOCKS)
    outputs = keras.layers.Concatenate(dtype="float32")(trunk.outputs)
    return keras.Model(trunk.input, outputs)


LAYERS = {
    "BioLatent": Case(lambda: layers.BioLatent(3, activity_weight=0.5), [(3,)]),
    "ContinuousLatent": Case(lambda: layers.ContinuousLatent(3), [(3,)]),
    "Conv2D": Case(
        lambda: layers.Conv2D(
            3, 4, strides=2, padding="same", activation="relu"
        ),
        [(4, 4, 2)],
    ),
    "Conv2DTranspose": Case(
        lambda: layers.Conv2DTranspose(
            3, 4, strides=2, padding="same", activation="relu"
        ),
        [(4, 4, 2)],
    ),
    "FiniteScalarQuantizer": Case(
        lambda: layers.FiniteScalarQuantizer(3, 5), [(3,)]
    ),
    "GaussianLatent": Case(
        lambda: layers.GaussianLatent(3, 64, kl_weight=2.0, seed=3), [(6,)]
    ),
    "GumbelCodebookQuantizer": Case(
        lambda: layers.GumbelCodebookQuantizer(3, 5, kl_weight=0.5, seed=3),
        [(3,)],
        noise=(5,),
    ),
    "InstanceNormalization": Case(
        lambda: layers.InstanceNormalization(epsilon=1e-3), [(4, 4, 2)]
    ),
    "LayerNormalization": Case(
        lambda: layers.LayerNormalization(epsilon=1e-3), [(4, 5)]
    ),
    "LearnedMap": Case(
        lambda: layers.LearnedMap((4, 4, 2), initial_value=0.3),
        [(3,)],
        has_input_gradient=False,
    ),
    "ScalarCodebookQuantizer": Case(
        lambda: layers.ScalarCodebookQuantizer(
            3, [2, 3, 4], quantization_weight=0.5, low=-1.0
        ),
        [(3,)],
    ),
    "SpaceToDepth": Case(lambda: layers.SpaceToDepth(2), [(4, 6, 3)]),
    "Standardization": Case(
        lambda: layers.Standardization([0.5, -2.0], [3.0, 0.1]), [(4, 2)]
    ),
    "StyleModulation": Case(
        lambda: layers.StyleModulation(
            # No unit of its ReLU is dead.
            kernel_initializer=keras.initializers.RandomUniform(seed=0),
            bias_initializer=keras.initializers.RandomUniform(0.5, 1, seed=1),
        ),
        [(4, 4, 2), (5,)],
    ),
    "TotalCorrelationLatent": Case(
        lambda: layers.TotalCorrelationLatent(
            3, 64, 100, total_correlation_weight=2.0, seed=3
        ),
        [(6,)],
    ),
    "UniformLatent": Case(lambda: layers.UniformLatent(3), [(3,)]),
    "VectorQuantizer": Case(
        lambda: layers.VectorQuantizer(3, 5, 2, seed=3), [(6,)]
    ),
}
NETWORKS = {
    "dense_decoder": Case(
        lambda: networks.dense_decoder(3, (4, 4, 1), dense_units=[6], seed=0),
        [(3,)],
        keeps_float32=True,
    ),
    "dense_encoder": Case(
        lambda: networks.dense_encoder((4, 4, 1), 3, dense_units=[6], seed=0),
        [(4, 4, 1)],
        keeps_float32=True,
    ),
    "dvae_image_decoder": Case(
        lambda: networks.dvae_image_decoder(3, (8, 8, 1), "tiny", seed=0),
        [(3,)],
        keeps_float32=True,
    ),
    "dvae_image_encoder": Case(
        lambda: networks.dvae_image_encoder((8, 8, 1), 3, "tiny", seed=0),
        [(8, 8, 1)],
        keeps_float32=True,
    ),
    "image_decoder": Case(
        lambda: networks.image_decoder(3, (8, 8, 1), **BLOCKS),
        [(3,)],
        keeps_float32=True,
    ),
    "image_encoder": Case(
        lambda: networks.image_encoder((8, 8, 1), 3, **BLOCKS),
        [(8, 8, 1)],
        keeps_float32=True,
    ),
    "image_trunk": Case(both_heads, [(8, 8, 1)], keeps_float32=True),
    "residual_image_decoder": Case(
        lambda: networks.residual_image_decoder(
            3, (8, 8, 1), widths=[4, 3], style_units=[6], seed=0
        ),
        [(3,)],
        keeps_float32=True,
    ),
    "residual_image_encoder": Case(
        lambda: networks.residual_image_encoder(
            (8, 8, 1), 3, widths=[3, 4], dense_units=[6], seed=0
        ),
        [(8, 8, 1)],
        keeps_float32=True,
    ),
    "style_image_decoder": Case(
        lambda: networks.style_image_decoder(3, (8, 8, 1), **BLOCKS),
        [(3,)],
        keeps_float32=True,
    ),
    "vector_decoder": Case(
        lambda: networks.vector_decoder(
            3, (5, 2), dense_units=[6], mean=[0.5, 2.0], scale=[1, 3], seed=0
        ),
        [(3,)],
        keeps_float32=True,
    ),
    "vector_encoder": Case(
        lambda: networks.vector_encoder(
            (5, 2), 3, dense_units=[6], mean=[0.5, 2.0], scale=[1, 3], seed=0
        ),
        [(5, 2)],
        keeps_float32=True,
    ),
}
MODELS = {
    "Autoencoder": Case(autoencoder, [(8, 8, 1)], keeps_float32=True),
    "FactorVAE": Case(factor_vae, [(8, 8, 1)], keeps_float32=True),
    "InfoWGANGP": Case(gan, [(3,)], keeps_float32=True),
}
LATENTS = {
    name: case
    for name, case in LAYERS.items()
    if issubclass(getattr(layers, name), layers.Latent)
}
CASES = LAYERS | NETWORKS | MODELS

each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def arrays(case, batch, seed=0):
    rng = np.random.default_rng(seed)
    return [
        rng.uniform(0, 1, (batch, *shape)).astype("float32")
        for shape in case.shapes
    ]


def build(subject, case):
    """Makes the weights of a layer, as a functional model does."""
    subject(*map(keras.Input, case.shapes))


def call(subject, inputs):
    """Of a network, one compiled piece on JAX; of a layer, eager outputs."""
    function = subject
    if isinstance(subject, keras.Model):
        function = compiled(subject, subject.variables)
    return function(*map(ops.convert_to_tensor, inputs))


def apply(subject, inputs):
    """Outputs in NumPy and float32."""
    return ops.convert_to_numpy(ops.cast(call(subject, inputs), "float32"))


@pytest.mark.parametrize(
    ("module", "table"),
    [(layers, LAYERS), (networks, NETWORKS), (models, MODELS)],
    ids=["layers", "networks", "models"],
)
def test_every_public_name_is_in_a_table(module, table):
    assert set(module.__all__) == set(table) | (EXEMPT & set(module.__all__))


@pytest.mark.slow_on("jax")
@each_case
def test_config_survives_json(case):
    """An object made from the configuration computes the same."""
    subject = case.make()
    expected = apply(subject, arrays(case, 4))
    config = keras.saving.serialize_keras_object(subject)
    config = json.loads(json.dumps(config))
    copy = keras.saving.deserialize_keras_object(config)
    assert json.loads(json.dumps(copy.get_config())) == json.loads(
        json.dumps(subject.get_config())
    )
    build(copy, case)
    copy.set_weights(subject.get_weights())
    np.testing.assert_array_equal(apply(copy, arrays(case, 4)), expected)


@pytest.mark.slow_on("jax")
@each_case
def test_symbolic_outputs_have_the_shapes_of_real_ones(case):
    subject = case.make()
    symbolic = subject(*map(keras.Input, case.shapes))
    for batch in (2, 4):  # as elsewhere: JAX compiles for each
        outputs = call(subject, arrays(case, batch))
        assert symbolic.shape == (None, *outputs.shape[1:])
        assert outputs.shape[0] == batch
        dtype = keras.backend.standardize_dtype(outputs.dtype)
        assert symbolic.dtype == dtype


@each_case
def test_examples_of_a_batch_are_independent(case):
    subject = case.make()
    inputs = arrays(case, 4)
    whole = apply(subject, inputs)
    part = apply(subject, [x[1:3] for x in inputs])
    # Another batch size may sum in another order: 10 roundings of float32.
    np.testing.assert_allclose(part, whole[1:3], rtol=1e-5, atol=1e-6)


@each_case
@pytest.mark.parametrize("policy", POLICIES)
def test_mixed_precision_agrees_with_float32(case, policy):
    full = case.make()
    inputs = arrays(case, 4)
    expected = apply(full, inputs)
    keras.config.set_dtype_policy(policy)
    try:
        mixed = case.make()
        build(mixed, case)
        mixed.set_weights(full.get_weights())
        outputs = call(mixed, inputs)
        actual = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    finally:
        keras.config.set_dtype_policy("float32")
    dtype = "float32" if case.keeps_float32 else policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert {v.dtype for v in mixed.trainable_variables} <= {"float32"}
    np.testing.assert_allclose(
        actual, expected, rtol=POLICIES[policy], atol=POLICIES[policy]
    )


each_latent = pytest.mark.parametrize(
    "case", LATENTS.values(), ids=LATENTS.keys()
)


@each_latent
def test_codes_of_a_latent_are_symbolic_too(case, tmp_path):
    """In a functional model: trained, saved and loaded with the latent."""
    latent = case.make()
    inputs = keras.Input(case.shapes[0])
    model = keras.Model(inputs, latent.codes(inputs))
    for weight in latent.trainable_variables:
        weight.assign(weight + 0.3)  # the graph must read what is trained
    (x,) = arrays(case, 4)
    expected = ops.convert_to_numpy(latent.codes(x))
    assert model.output.shape == (None, *expected.shape[1:])
    assert model.output.dtype == expected.dtype
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)


@each_latent
def test_a_latent_takes_its_noise_as_an_argument(case):
    """Its output is then a function of its inputs, also in training."""
    latent = case.make()
    (x,) = arrays(case, 4)
    shape = (4, latent.num_latents, *case.noise)
    noise = np.random.default_rng(1).normal(size=shape)
    one, two = (
        latent.compute(x, training=True, noise=noise.astype("float32"))
        for _ in range(2)
    )
    for a, b in zip(
        (one.outputs, one.codes, *one.losses.values()),
        (two.outputs, two.codes, *two.losses.values()),
        strict=True,
    ):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b)
        )
    assert set(one.losses) == set(latent.loss_weights)


def has_no_effect(variable):
    """A bias that the normalization behind it takes out: rounding moves it."""
    return re.search(r"_conv\d/bias$", variable.path) is not None


def own_model(case):
    """A model of a user's own: dense layers before and after."""
    inputs = hidden = [keras.Input(shape) for shape in case.shapes]
    if case.has_input_gradient:
        hidden = [keras.layers.Dense(x.shape[-1])(x) for x in inputs]
    outputs = keras.layers.Flatten()(case.make()(*hidden))
    return keras.Model(inputs, keras.layers.Dense(1)(outputs))


def marks(name):
    """Networks of many layers are slow to compile, on JAX any network."""
    if name.startswith(("dvae", "residual")):
        return [pytest.mark.slow_on("tensorflow", "jax")]
    is_example = name not in NETWORKS or name == "image_encoder"
    return [] if is_example else [pytest.mark.slow_on("jax")]


# A model brings its losses in its own `fit`: `tests/models`.
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=name,
            marks=marks(name),
        )
        for name, case in (LAYERS | NETWORKS).items()
    ],
)
def test_in_a_model_of_ones_own(case, tmp_path):
    """`compile(loss=...)`, a step of `fit` moves all weights, save, load."""
    model = own_model(case)
    model.compile("adam", loss="mse")
    before = model.get_weights()
    x = arrays(case, 4)
    model.fit(x, np.full((4, 1), 10.0), batch_size=4, verbose=0)
    pairs = zip(before, model.get_weights(), strict=True)
    for variable, (old, new) in zip(model.weights, pairs, strict=True):
        assert np.any(old != new) or has_no_effect(variable)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = [ops.convert_to_tensor(array) for array in x]
    expected, actual = (
        ops.convert_to_numpy(compiled(each, each.variables)(x))
        for each in (model, loaded)
    )
    np.testing.assert_array_equal(actual, expected)
