"""Without TensorFlow everything but `tf.data` works on JAX and PyTorch."""

import json

import pytest

from tests.subprocesses import run_python

pytestmark = pytest.mark.one_backend

SCRIPT = """
import sys

# As if they were not installed; `find_spec` finds none either.
for name in ("tensorflow", "tensorflow_datasets", "tensorboard"):
    sys.modules[name] = None

import contextlib, json, os, warnings
from pathlib import Path
import keras
import numpy as np
import keras_qlae as kq

place = Path(sys.argv[1])
rng = np.random.default_rng(0)
images = rng.integers(0, 256, (64, 8, 8, 1)).astype("uint8")
factors = rng.integers(0, 3, (64, 2))

# Data in NumPy.
assert kq.datasets.load("room3d", image_size=8).images([0, 9]).shape[0] == 2
data = kq.datasets.from_arrays(images, factors)
assert (data.factors([3]) == factors[3]).all()

# A layer in a model of one's own.
inputs = keras.Input((4,))
outputs = kq.layers.ScalarCodebookQuantizer(4, 3)(inputs)
plain = keras.Model(inputs, outputs)
plain.compile("adam", "mse")
plain.fit(rng.normal(size=(16, 4)), np.zeros((16, 4)), verbose=0)

# Training, scoring and saving.
latent = kq.layers.ScalarCodebookQuantizer(3, 4)
size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
model = kq.models.Autoencoder(
    kq.networks.image_encoder((8, 8, 1), latent.num_inputs, **size),
    latent,
    kq.networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **size),
)
model.compile(kq.optimizers.RegularizedAdamW(1e-3, clip=1.0))
scores = kq.callbacks.InfoMEC(data)
before = model.encoder.get_weights()
history = model.fit(images, batch_size=16, verbose=0, callbacks=[scores])
assert "val_infom" in history.history
after = model.encoder.get_weights()
assert any((a != b).any() for a, b in zip(before, after))
codes = model.codes(images)
model.save(place / "model.keras")
again = keras.models.load_model(place / "model.keras")
np.testing.assert_array_equal(again.codes(images), codes)

# Metrics and figures.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # few samples
    assert len(kq.metrics.all_scores(factors, codes)) > 10
figure = kq.figures.reconstructions(images[:4], model.reconstruct(images[:4]))
kq.figures.save(figure, place / "figure.png")

# What needs TensorFlow says so, before anything is written.
said = []
for call in (
    lambda: data.as_tf_dataset(8),
    lambda: kq.runs.train(place / "run", kq.recipes.get("qlae"), verbose=0),
    kq.datasets.register_with_tfds,
    lambda: kq.export_model(model, place / "export"),
):
    try:
        call()
    except ImportError as error:
        said.append(str(error))
print("RESULT", json.dumps([said, sorted(os.listdir(place))]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_everything_but_pipelines_works(backend, tmp_path):
    output = run_python(SCRIPT, tmp_path, backend=backend)
    said, files = json.loads(output.rpartition("RESULT ")[2])
    assert len(said) == 4
    for message in said:
        assert "pip install tensorflow" in message
    assert files == ["figure.png", "model.keras"]
