"""Two devices train like one: the loss is that of the whole batch."""

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

def train(name):
    model = getattr(small, name)()
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
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
results = {{}}
for name in sys.argv[1:]:
    one = train(name)
    with strategy.scope():
        results[name] = one, train(name)
print("RESULT", json.dumps(results))
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
assert jax.device_count() == 2
ones = [train(name) for name in sys.argv[1:]]
keras.distribution.set_distribution(keras.distribution.DataParallel())
twos = [train(name) for name in sys.argv[1:]]
results = dict(zip(sys.argv[1:], zip(ones, twos)))
print("RESULT", json.dumps(results))
"""


MODELS = [
    "small_autoencoder",
    "small_beta_vae",
    "small_vq_vae",
    "penalized_autoencoder",
    "small_gan",
    # On TensorFlow a device sees its part of a batch, and shuffles that.
    *(
        ["small_factor_vae", "small_factor_qvae"]
        if keras.backend.backend() == "jax"
        else ["gumbel_autoencoder"]
    ),
]


@pytest.fixture(scope="module")
def trained():
    """Each model trained on one device and on two, in one process."""
    if keras.backend.backend() == "tensorflow":
        output = run_python(MIRRORED, *MODELS)
    else:
        flags = os.environ["XLA_FLAGS"]
        flags += " --xla_force_host_platform_device_count=2"
        output = run_python(DATA_PARALLEL, *MODELS, XLA_FLAGS=flags)
    return json.loads(output.rpartition("RESULT ")[2])


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras 3.15 has one device"
)
@pytest.mark.parametrize("name", MODELS)
def test_two_devices_train_as_one(trained, name):
    """By TensorFlow's strategy, and by Keras' distribution on JAX."""
    one, two = trained[name]
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
def test_batch_that_does_not_divide_on_a_replica():
    """6 images of a GAN with 2 critic updates are 3 on each of 2 devices."""
    assert "batches of 3 images, generator_period=2" in run_python(REFUSED)
