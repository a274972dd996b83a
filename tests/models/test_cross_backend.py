"""A model saved on the backend that runs loads on the other two."""

import keras
import numpy as np
import pytest

from keras_qlae.layers import GumbelCodebookQuantizer
from tests.models.small import float_images
from tests.models.small import small_autoencoder
from tests.models.small import small_factor_vae
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

def of_factor_model(images):
    model = keras.saving.load_model(f"{folder}/factor.keras")
    parts = keras.ops.one_hot(model.codes(images), 5)
    logits = model.discriminator(keras.ops.reshape(parts, (-1, 15)))
    return {
        "factor_latents": model.encode(images),
        "factor_images": model.decode_codes(model.codes(images)),
        "factor_logits": keras.ops.convert_to_numpy(logits),
        "factor_draws": int(model.latent.draws),
        "factor_state": np.concatenate([
            keras.ops.convert_to_numpy(v).ravel()
            for v in model.optimizer.variables
        ]),
    }

model = keras.saving.load_model(f"{folder}/model.keras")
np.savez(
    f"{folder}/{keras.backend.backend()}.npz",
    latents=model.encode(saved["images"]),
    codes=model.codes(saved["images"]),
    images=model.decode_codes(saved["codes"]),
    **of_factor_model(saved["images"]),
    optimizer=np.concatenate([
        keras.ops.convert_to_numpy(v).ravel()
        for v in model.optimizer.variables
    ]),
)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model trained for some steps, and its outputs for 200 images."""
    folder = tmp_path_factory.mktemp("cross_backend")
    model = small_autoencoder()
    images = float_images(200, seed=1)
    model.fit(images, batch_size=20, epochs=2, verbose=0)
    codes = model.codes(images)
    model.save(folder / "model.keras")
    factor = small_factor_vae(GumbelCodebookQuantizer(3, 5, seed=3))
    factor.fit(images, batch_size=20, verbose=0)
    factor.save(folder / "factor.keras")
    np.savez(folder / "saved.npz", images=images, codes=codes)
    return folder, model, images, codes, factor


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
    folder, model, images, codes, factor = saved
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
    assert_has_state_of(model, loaded["optimizer"])
    latents = factor.encode(images)
    np.testing.assert_allclose(loaded["factor_latents"], latents, atol=1e-5)
    assert loaded["factor_draws"] == int(factor.latent.draws) == 20
    assert_has_state_of(factor, loaded["factor_state"])
    # Codes of close calls may be others: one in a hundred at most.
    codes = factor.codes(images)
    parts = np.eye(5, dtype="float32")[codes].reshape(-1, 15)
    for name, wanted in (
        ("factor_images", factor.decode_codes(codes)),
        ("factor_logits", factor.discriminator(parts)),
    ):
        wanted = keras.ops.convert_to_numpy(wanted)
        error = np.abs(loaded[name] - wanted).reshape(200, -1).max(axis=1)
        assert np.mean(error > 1e-5) < 0.01


def assert_has_state_of(model, state):
    expected = [
        np.ravel(keras.ops.convert_to_numpy(v))
        for v in model.optimizer.variables
    ]
    np.testing.assert_array_equal(state, np.concatenate(expected))
