"""The optimizer against an independent computation in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from keras_qlae.optimizers import RegularizedAdamW

NAMES = ("kernel", "bias", "gamma", "beta", "input_map", "codebook")
REGULARIZED = {"kernel", "gamma", "input_map"}


class Variables(keras.layers.Layer):
    """One variable of each name."""

    def build(self, input_shape):
        for seed, name in enumerate(NAMES):
            initializer = keras.initializers.RandomNormal(seed=seed)
            self.add_weight(name=name, shape=(3,), initializer=initializer)

    def call(self, inputs):
        return inputs


@pytest.fixture
def variables():
    layer = Variables(name="bias_net")
    layer.build((None, 1))
    return layer.trainable_variables


def numpy(variable):
    return np.asarray(ops.convert_to_numpy(variable.value))


def steps(variables, optimizer, num_steps=7):
    """Applies seeded gradients; returns them, and the values after each."""
    rng = np.random.default_rng(0)
    gradients, values = [], []
    for _ in range(num_steps):
        # From far above the clip to around the square of epsilon.
        scale = 10.0 ** rng.uniform(-8, 1, (len(variables), 3))
        batch = (scale * rng.normal(size=scale.shape)).astype("float64")
        tensors = [
            ops.convert_to_tensor(g.astype(v.dtype))
            for g, v in zip(batch, variables, strict=True)
        ]
        optimizer.apply(tensors, variables)
        gradients.append(batch)
        values.append([numpy(v) for v in variables])
    return gradients, values


def by_numpy(
    start, gradients, learning_rates, settings, is_regularized, factor=1.0
):
    b1, b2 = settings["beta_1"], settings["beta_2"]
    p, m, v = np.array(start, "float64"), 0.0, 0.0
    trace = []
    for t, (g, rate) in enumerate(
        zip(gradients, learning_rates, strict=True), start=1
    ):
        if is_regularized and settings["clip"] is not None:
            g = np.clip(g, -settings["clip"], settings["clip"])
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        step = m / (1 - b1**t)
        step = step / (np.sqrt(v / (1 - b2**t)) + settings["epsilon"])
        decay = settings["weight_decay"] * p if is_regularized else 0.0
        p = p - factor * rate * (step + decay)
        trace.append(p)
    return trace


SETTINGS = {
    "paper": {"clip": 1.0},
    "gan": {"clip": 1.0, "beta_1": 0.0, "beta_2": 0.9, "weight_decay": 1e-3},
    "tight_clip": {"clip": 1e-4, "weight_decay": 0.5},
    "no_clip": {"clip": None, "epsilon": 1e-4},
    "plain_adam": {"clip": None, "weight_decay": 0.0},
    "slow_codebook": {"clip": 1.0, "codebook_rate": 0.1},
    "fixed_codebook": {"clip": 1.0, "codebook_rate": 0.0},
}
DEFAULTS = {
    "weight_decay": 0.1,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-8,
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_follows_the_rule(settings, float64):
    layer = Variables(dtype="float64")
    layer.build((None, 1))
    variables = layer.trainable_variables
    start = [numpy(v) for v in variables]
    optimizer = RegularizedAdamW(0.01, **settings)
    gradients, values = steps(variables, optimizer)
    for i, name in enumerate(NAMES):
        expected = by_numpy(
            start[i],
            [batch[i] for batch in gradients],
            [0.01] * len(gradients),
            DEFAULTS | settings,
            name in REGULARIZED,
            settings.get("codebook_rate", 1.0) if name == "codebook" else 1.0,
        )
        actual = [batch[i] for batch in values]
        # The learning rate is a float32 variable: 0.01 is off by 2e-8 of
        # itself there.
        np.testing.assert_allclose(
            actual, expected, rtol=0, atol=1e-8, err_msg=name
        )


def test_follows_a_schedule(variables):
    """A decay that halves every step, and so does the weight decay's part."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.5)
    start = [numpy(v) for v in variables]
    optimizer = RegularizedAdamW(schedule, clip=1.0)
    gradients, values = steps(variables, optimizer, 5)
    for i, name in enumerate(NAMES):
        expected = by_numpy(
            start[i],
            [batch[i] for batch in gradients],
            [0.01 * 0.5**t for t in range(5)],
            DEFAULTS | {"clip": 1.0},
            name in REGULARIZED,
        )
        # float32: a step of 0.01 has a relative error of 1e-4 at most, from
        # 1 - 0.999**t.
        np.testing.assert_allclose(
            [batch[i] for batch in values], expected, rtol=0, atol=2e-6
        )


@pytest.mark.parametrize("latent", ["codebook", "embeddings"])
def test_only_codebooks_have_the_rate_of_codebooks(latent):
    """Names of layers do not count, and neither does a schedule."""
    layer = keras.layers.Dense(2, name="codebook_head")
    layer.build((None, 1))
    codebook = keras.Variable(np.ones(3), name=latent)
    variables = [*layer.trainable_variables, codebook]
    before = [numpy(v) for v in variables]
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer = RegularizedAdamW(schedule, weight_decay=0.0, codebook_rate=0.01)
    for _ in range(2):
        gradients = [ops.ones(v.shape, v.dtype) for v in variables]
        optimizer.apply(gradients, variables)
    moved = [
        np.abs(old - numpy(v)).max()
        for old, v in zip(before, variables, strict=True)
    ]
    # With equal gradients each step of Adam is the learning rate.
    np.testing.assert_allclose(moved, [0.15, 0.15, 0.0015], rtol=1e-3)


def test_an_integer_learning_rate_is_taken(variables):
    optimizer = RegularizedAdamW(1, weight_decay=0.0)
    before = numpy(variables[0]).copy()
    optimizer.apply([ops.full((3,), 2.0)] * len(variables), variables)
    # The first step of Adam is the learning rate.
    np.testing.assert_allclose(before - numpy(variables[0]), 1, rtol=1e-4)


class TestWhichAreRegularized:
    def test_by_the_last_component_of_the_path(self):
        """Layers' own names never count, whatever they are."""
        optimizer = RegularizedAdamW()
        inputs = keras.Input((4,))
        x = keras.layers.Dense(3, name="bias_net")(inputs)
        x = keras.layers.Dense(3, name="codebook_head")(x)
        x = keras.layers.LayerNormalization(name="beta")(x)
        x = keras.layers.Dense(3, name="embeddings")(x)
        regularized = {
            v.path
            for v in keras.Model(inputs, x).variables
            if optimizer.is_regularized(v)
        }
        assert regularized == {
            "bias_net/kernel",
            "codebook_head/kernel",
            "beta/gamma",
            "embeddings/kernel",
        }

    def test_of_an_autoencoder(self):
        """Everything but biases, betas, and the codebook."""
        latent = layers.ScalarCodebookQuantizer(3, 4)
        size = {"blocks": [(4, 4, 2)], "dense_units": [6]}
        model = models.Autoencoder(
            networks.image_encoder((8, 8, 1), 3, **size),
            latent,
            networks.style_image_decoder(3, (8, 8, 1), **size),
        )
        optimizer = RegularizedAdamW()
        unregularized = {
            "/".join(v.path.split("/")[-2:])
            for v in model.trainable_variables
            if not optimizer.is_regularized(v)
        }
        assert unregularized == {
            "norm0/beta",
            "dense0/bias",
            "head/bias",
            f"{latent.name}/codebook",
            "dense/bias",
        }
        regularized = [
            v.path.split("/")[-1]
            for v in model.trainable_variables
            if optimizer.is_regularized(v)
        ]
        assert sorted(regularized) == (["gamma", "input_map", *["kernel"] * 7])

    def test_patterns_of_ones_own(self, variables):
        optimizer = RegularizedAdamW(unregularized=["k*", "gamma"])
        assert [optimizer.is_regularized(v) for v in variables] == [
            name not in ("kernel", "gamma") for name in NAMES
        ]
        optimizer = RegularizedAdamW(unregularized=["*"])
        before = [numpy(v) for v in variables]
        optimizer.apply([ops.zeros((3,))] * len(variables), variables)
        for variable, value in zip(variables, before, strict=True):
            np.testing.assert_array_equal(numpy(variable), value)


def test_repeated_rows_of_an_embedding_are_summed():
    """On TensorFlow the gradient of a lookup is a list of rows."""
    layer = keras.layers.Embedding(4, 2, name="table")
    model = keras.Sequential([keras.Input((3,), dtype="int32"), layer])
    optimizer = RegularizedAdamW(0.1, epsilon=1.0, beta_1=0.0, beta_2=0.0)
    model.compile(optimizer, loss="mse")
    layer.embeddings.assign(np.zeros((4, 2)))
    model.fit(np.array([[1, 1, 3]]), -np.ones((1, 3, 2)), verbose=0)
    # d mse / d row = 2/6 times how often: step = 0.1 g / (|g| + 1).
    gradient = np.array([0, 2, 0, 1]) * 2 / 6
    expected = -0.1 * gradient / (gradient + 1)
    actual = ops.convert_to_numpy(layer.embeddings.value)
    np.testing.assert_allclose(actual, np.stack([expected] * 2, 1), atol=1e-6)


def make_dense_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    optimizer = RegularizedAdamW(
        0.03,
        weight_decay=0.2,
        clip=0.5,
        unregularized=["kernel"],
        codebook_rate=0.5,
    )
    model.compile(optimizer, loss="mse")
    return model


def test_state_survives_a_keras_file(tmp_path):
    """Training after loading continues as if it had not been interrupted."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4, 2)).astype("float32")
    model = make_dense_model()
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, RegularizedAdamW)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    for a, b in zip(
        model.optimizer.variables, loaded.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(numpy(a), numpy(b))
    for _ in range(2):
        model.train_on_batch(x, y)
        loaded.train_on_batch(x, y)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight_decay": -0.1}, "`weight_decay` must be at least 0.*-0.1"),
        ({"clip": 0}, "`clip` must be positive, or None.*clip=0"),
        ({"clip": -1.0}, "`clip` must be positive"),
        ({"beta_1": 1.0}, r"`beta_1` must be in \[0, 1\).*1\.0"),
        ({"beta_2": -0.5}, r"`beta_2` must be in \[0, 1\)"),
        ({"codebook_rate": -1.0}, "`codebook_rate` must be at least 0"),
        ({"epsilon": 0.0}, "`epsilon` must be positive"),
        ({"epsilon": float("nan")}, "`epsilon` must be positive"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        RegularizedAdamW(**settings)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_finite(dtype):
    """1 - 0.999, rounded to eight bits before the subtraction, would be 0."""
    variable = keras.Variable(np.ones(3), dtype=dtype, name="kernel")
    optimizer = RegularizedAdamW(0.1, weight_decay=0.0, clip=None)
    optimizer.apply([keras.ops.ones(3, dtype)], [variable])
    found = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
    np.testing.assert_allclose(found, 0.9, atol=0.01)
