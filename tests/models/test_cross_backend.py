"""A model saved on the backend that runs loads on the other two."""

import keras
import numpy as np
import pytest

from tests.models.small import float_images
from tests.models.small import small_autoencoder
from tests.subprocesses import run_python

BACKENDS = ("tensorflow", "jax", "torch")
OTHERS = [name for name in BACKENDS if name != keras.backend.backend()]

LOAD = """
import os, sys
if os.environ["KERAS_BACKEND"] == "torch":
    import torch  # before TensorFlow, or it crashes
import keras
import numpy as np
import keras_qlae

folder = sys.argv[1]
saved = np.load(f"{folder}/saved.npz")
model = keras.saving.load_model(f"{folder}/model.keras")
np.savez(
    f"{folder}/{keras.backend.backend()}.npz",
    latents=model.encode(saved["images"]),
    codes=model.codes(saved["images"]),
    images=model.decode_codes(saved["codes"]),
    optimizer=np.concatenate([
        keras.ops.convert_to_numpy(v).ravel()
        for v in model.optimizer.variables
    ]),
)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model trained for some steps, and what it makes of 200 images."""
    folder = tmp_path_factory.mktemp("cross_backend")
    model = small_autoencoder()
    images = float_images(200, seed=1)
    model.fit(images, batch_size=20, epochs=2, verbose=0)
    codes = model.codes(images)
    model.save(folder / "model.keras")
    np.savez(folder / "saved.npz", images=images, codes=codes)
    return folder, model, images, codes


def distances(latents, codebooks):
    """How much nearer the nearest codebook value is than the next one."""
    gaps = []
    for column, book in zip(latents.T, codebooks, strict=True):
        distance = np.sort(np.abs(column[:, None] - book), axis=1)
        gaps.append(distance[:, 1] - distance[:, 0])
    return np.stack(gaps, axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_loads_on(backend, saved):
    folder, model, images, codes = saved
    if backend != "tensorflow":
        pytest.importorskip(backend)
    run_python(LOAD, folder, backend=backend)
    loaded = np.load(folder / f"{backend}.npz")
    latents = model.encode(images)
    np.testing.assert_allclose(loaded["latents"], latents, rtol=0, atol=1e-5)
    is_close = distances(latents, model.latent.codebooks) <= 2e-5
    differs = loaded["codes"] != codes
    assert not np.any(differs & ~is_close)
    print(f"{is_close.sum()} of {codes.size} codes are close calls")
    assert is_close.mean() < 0.01
    decoded = model.decode_codes(codes)
    np.testing.assert_allclose(loaded["images"], decoded, rtol=0, atol=1e-5)
    state = [
        np.ravel(keras.ops.convert_to_numpy(v))
        for v in model.optimizer.variables
    ]
    np.testing.assert_array_equal(loaded["optimizer"], np.concatenate(state))
