"""Data sets under Keras' `fit`, on the backend of the run."""

import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_qlae.datasets import Room3D
from keras_qlae.datasets import from_arrays
from keras_qlae.datasets import pipeline

BACKEND = keras.backend.backend()
NUM_IMAGES, BATCH_SIZE, STEPS = 100, 20, 5


def batches_of_numbers(**options):
    """Image `i` is `i` levels bright."""
    images = np.arange(NUM_IMAGES, dtype=np.uint8).reshape(-1, 1, 1, 1)
    dataset = from_arrays(images, np.arange(NUM_IMAGES)[:, None])
    return dataset.as_tf_dataset(BATCH_SIZE, **options)


class MeanPosition(keras.Model):
    """A model whose loss is the mean position in the batch."""

    def __init__(self):
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, images):
        return keras.ops.mean(images, axis=(1, 2, 3)) * 255.0 * self.scale

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return keras.ops.mean(y_pred)


class Losses(keras.callbacks.Callback):
    """Keeps the loss of every batch."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append([])

    def on_train_batch_end(self, batch, logs=None):
        self.epochs[-1].append(float(logs["loss"]))

    def of_batches(self):
        """Undoes Keras' running mean: `(num_epochs, num_batches)`."""
        means = np.array(self.epochs)
        sums = means * np.arange(1, means.shape[1] + 1)
        return np.diff(sums, prepend=0.0)


def fit(batches, **options):
    """Fits a model and returns the mean position in each batch."""
    model = MeanPosition()
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    losses = Losses()
    model.fit(batches, shuffle=False, verbose=0, callbacks=[losses], **options)
    return losses.of_batches()


def expected(num_epochs, seed=0, start_epoch=0):
    """The means of the endless stream."""
    stream = batches_of_numbers(
        shuffle=True, repeat=True, seed=seed, start_epoch=start_epoch
    )
    batches = stream.take(num_epochs * STEPS)
    means = [factors.numpy().mean() for _, factors in batches]
    return np.array(means).reshape(num_epochs, STEPS)


def assert_same(left, right):
    # Float32 sums of five numbers below 100; different means differ by 0.05.
    np.testing.assert_allclose(left, right, atol=1e-3)


def test_every_epoch_of_fit_has_a_new_order():
    batches = batches_of_numbers(shuffle=True, seed=3)
    assert_same(fit(batches, epochs=3), expected(3, seed=3))


def test_a_second_fit_continues_the_stream_and_peeking_does_not():
    batches = batches_of_numbers(shuffle=True)
    next(iter(batches.take(1)))
    assert_same(fit(batches, epochs=2), expected(2))
    next(iter(batches))
    assert_same(fit(batches, epochs=1), expected(1, start_epoch=2))


def test_fit_resumes_at_an_epoch():
    batches = batches_of_numbers(shuffle=True, start_epoch=4)
    seen = fit(batches, epochs=6, initial_epoch=4)
    assert_same(seen, expected(2, start_epoch=4))


def test_fit_reads_the_endless_stream_in_any_number_of_steps():
    stream = batches_of_numbers(
        shuffle=True, repeat=True, start_epoch=1, start_batch=2
    )
    seen = fit(stream, epochs=3, steps_per_epoch=4)
    wanted = expected(3, start_epoch=1).ravel()[2:14]
    assert_same(seen.ravel(), wanted)


def test_fit_knows_the_number_of_steps():
    class Params(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            assert self.params["steps"] == STEPS

    model = MeanPosition()
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    batches = batches_of_numbers(shuffle=True)
    model.fit(batches, shuffle=False, verbose=0, callbacks=[Params()])


def test_evaluate_takes_a_last_smaller_batch():
    model = MeanPosition()
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    images = np.arange(50, dtype=np.uint8).reshape(-1, 1, 1, 1)
    dataset = from_arrays(images, np.zeros((50, 1), int))
    loss = model.evaluate(dataset.as_tf_dataset(20), verbose=0)
    assert float(loss) == pytest.approx(24.5, abs=1e-3)


def test_room3d_trains_a_model():
    train, _ = Room3D(image_size=8).split()
    batches = train.as_tf_dataset(32, repeat=True, shuffle=True)
    model = keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(6, use_bias=False)]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    history = model.fit(
        batches, epochs=3, steps_per_epoch=20, shuffle=False, verbose=0
    )
    losses = history.history["loss"]
    assert losses[2] < 0.7 * losses[0]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a TensorFlow strategy")
@pytest.mark.parametrize("in_scope", [False, True])
def test_a_mirrored_strategy_sees_the_same_batches(in_scope):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    if in_scope:
        with strategy.scope():
            batches = batches_of_numbers(shuffle=True)
    else:
        batches = batches_of_numbers(shuffle=True)
    distributed = strategy.experimental_distribute_dataset(batches)
    for epoch in range(2):
        means = [f.numpy().mean() for _, f in distributed]
        assert_same([means], expected(1, start_epoch=epoch))


TWO_DEVICES = """
import keras
import numpy as np
import tensorflow as tf
from keras_qlae.datasets import from_arrays

(cpu,) = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
images = np.arange(100, dtype=np.uint8).reshape(-1, 1, 1, 1)
dataset = from_arrays(images, np.arange(100)[:, None])
batches = dataset.as_tf_dataset(20, shuffle=True)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(batches, epochs=2, shuffle=False, verbose=0)

distributed = strategy.experimental_distribute_dataset(batches)
for epoch in (2, 3):
    reference = dataset.as_tf_dataset(20, shuffle=True, start_epoch=epoch)
    for (_, ours), (_, wanted) in zip(distributed, reference, strict=True):
        parts = strategy.experimental_local_results(ours)
        assert len(parts) == 2
        np.testing.assert_array_equal(np.concatenate(parts), wanted)
"""


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="a TensorFlow strategy")
def test_two_devices_share_each_batch():
    subprocess.run([sys.executable, "-c", TWO_DEVICES], check=True)


def test_a_data_set_needs_tensorflow_only_for_its_pipelines():
    code = """
import sys
from keras_qlae import datasets

dataset = datasets.load("room3d", image_size=32)
dataset.images([0])
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


class FakeConfig:
    """A fake of `tf.config` on a machine with a GPU."""

    def __init__(self, is_initialized):
        self.is_initialized = is_initialized
        self.visible = ["GPU:0"]

    def get_visible_devices(self, kind):
        assert kind == "GPU"
        return self.visible

    def set_visible_devices(self, devices, kind):
        if self.is_initialized:
            raise RuntimeError("cannot be modified after being initialized")
        self.visible = devices


@pytest.fixture
def fake_config(monkeypatch):
    def put(is_initialized):
        config = FakeConfig(is_initialized)
        monkeypatch.setattr(tf, "config", config)
        pipeline.import_tensorflow.cache_clear()
        return config

    yield put
    pipeline.import_tensorflow.cache_clear()


def test_other_backends_keep_the_gpu(fake_config):
    config = fake_config(is_initialized=False)
    pipeline.import_tensorflow()
    wanted = ["GPU:0"] if BACKEND == "tensorflow" else []
    assert config.visible == wanted


def test_the_gpu_cannot_be_hidden_once_it_is_in_use(fake_config):
    fake_config(is_initialized=True)
    if BACKEND == "tensorflow":
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pipeline.import_tensorflow()
        return
    with pytest.warns(UserWarning, match="right after importing TensorFlow"):
        pipeline.import_tensorflow()
    pipeline.import_tensorflow()  # says it once
