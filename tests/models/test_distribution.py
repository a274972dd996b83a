"""Two devices train as one: the loss is that of the whole batch."""

import json
import os

import keras
import pytest

from tests.subprocesses import run_python

TRAIN = """
import json
import sys
import keras
import numpy as np
import tensorflow as tf
from tests.models import small

def train():
    model = getattr(small, sys.argv[1])()
    data = tf.data.Dataset.from_tensor_slices(small.integer_images(16))
    data = data.batch(8, drop_remainder=True)
    history = model.fit(data, epochs=2, verbose=0).history
    logs = model.evaluate(data, verbose=0, return_dict=True)
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    return {
        "history": history, "logs": logs, "weights": weights.tolist(),
    }
"""
TWO_CPUS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
logical = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [logical, logical])
"""
MIRRORED = f"""
{TWO_CPUS}
{TRAIN}
one = train()
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    two = train()
print("RESULT", json.dumps([one, two]))
"""
REFUSED = f"""
{TWO_CPUS}
from tests.models import small
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = small.small_gan()
data = tf.data.Dataset.from_tensor_slices(small.integer_images(12))
try:
    model.fit(data.batch(6, drop_remainder=True), verbose=0)
except ValueError as error:
    print(error)
"""
DATA_PARALLEL = f"""
import jax
{TRAIN}
one = train()
assert jax.device_count() == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
two = train()
print("RESULT", json.dumps([one, two]))
"""


MODELS = [
    "small_autoencoder",
    "small_beta_vae",
    "small_vq_vae",
    "penalized_autoencoder",
    "small_gan",
]


def assert_same(output):
    result = output.rpartition("RESULT ")[2]
    one, two = json.loads(result)
    assert one["history"].keys() == two["history"].keys()
    for key, values in one["history"].items():
        # Sums over half batches, in float32.
        assert two["history"][key] == pytest.approx(values, abs=1e-5), key
        assert two["logs"][key] == pytest.approx(one["logs"][key], abs=1e-5)
    # Four steps of 0.01 with Adam, which divides small gradients by their
    # size and so enlarges their rounding.
    assert two["weights"] == pytest.approx(one["weights"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's strategy"
)
@pytest.mark.parametrize("make", MODELS)
def test_mirrored_strategy(make):
    assert_same(run_python(MIRRORED, make))


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's strategy"
)
def test_batch_that_does_not_divide_on_a_replica():
    """6 images of a GAN with 2 critic updates are 3 on each of 2 devices."""
    assert "batches of 3 images, generator_period=2" in run_python(REFUSED)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="only on JAX does it distribute"
)
@pytest.mark.parametrize("make", MODELS)
def test_data_parallel(make):
    flags = os.environ["XLA_FLAGS"]
    flags += " --xla_force_host_platform_device_count=2"
    assert_same(run_python(DATA_PARALLEL, make, XLA_FLAGS=flags))
