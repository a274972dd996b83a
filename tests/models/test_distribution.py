"""Two devices train as one: the loss is that of the whole batch."""

import json

import keras
import pytest

from tests.subprocesses import run_python

TRAIN = """
import json
import keras
import numpy as np
import tensorflow as tf
from tests.models.small import integer_images, small_autoencoder

def train(make):
    model = make()
    data = tf.data.Dataset.from_tensor_slices(integer_images(16))
    data = data.batch(8, drop_remainder=True)
    history = model.fit(data, epochs=2, verbose=0).history
    logs = model.evaluate(data, verbose=0, return_dict=True)
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    return {
        "history": history, "logs": logs, "weights": weights.tolist(),
    }
"""
MIRRORED = f"""
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
logical = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [logical, logical])
{TRAIN}
one = train(small_autoencoder)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    two = train(small_autoencoder)
print("RESULT", json.dumps([one, two]))
"""
DATA_PARALLEL = f"""
import jax
{TRAIN}
one = train(small_autoencoder)
assert jax.device_count() == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
two = train(small_autoencoder)
print("RESULT", json.dumps([one, two]))
"""


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
def test_mirrored_strategy():
    assert_same(run_python(MIRRORED))


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="only on JAX does it distribute"
)
def test_data_parallel():
    flags = "--xla_force_host_platform_device_count=2"
    assert_same(run_python(DATA_PARALLEL, XLA_FLAGS=flags))
