"""Latents of inputs of any kind: finite, of the promised shapes and codes."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_qlae import layers
from tests.cases import random_cases

MAKERS = {
    "ScalarCodebookQuantizer": lambda: layers.ScalarCodebookQuantizer(3, 4),
    "FiniteScalarQuantizer": lambda: layers.FiniteScalarQuantizer(3, 4),
    "GumbelCodebookQuantizer": lambda: layers.GumbelCodebookQuantizer(3, 4),
    "VectorQuantizer": lambda: layers.VectorQuantizer(3, 4, embedding_dim=2),
    "ContinuousLatent": lambda: layers.ContinuousLatent(3),
    "BioLatent": lambda: layers.BioLatent(3),
    "GaussianLatent": lambda: layers.GaussianLatent(3, num_pixel_values=64),
    "TotalCorrelationLatent": lambda: layers.TotalCorrelationLatent(
        3, num_pixel_values=64, num_examples=100
    ),
    "UniformLatent": lambda: layers.UniformLatent(3),
}
_made = {}


def made(name):
    """Built once: hundreds of cases use it."""
    if name not in _made:
        latent = MAKERS[name]()
        latent.build((None, latent.num_inputs))
        _made[name] = latent
    return _made[name]


def test_every_latent_has_a_row():
    public = {
        name
        for name in layers.__all__
        if isinstance(getattr(layers, name), type)
        and issubclass(getattr(layers, name), layers.Latent)
    }
    assert public - {"Latent"} == set(MAKERS)


@pytest.mark.slow_on("jax")
@random_cases()
@given(
    name=st.sampled_from(sorted(MAKERS)),
    num_samples=st.integers(1, 5),
    exponent=st.integers(-44, 30),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["normal", "zero", "equal", "integers"]),
)
def test_latents(name, num_samples, exponent, seed, kind):
    latent = made(name)
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(num_samples, latent.num_inputs))
    if kind == "zero":
        values *= 0
    if kind == "equal":
        values[:] = values[0, 0]
    if kind == "integers":
        values = np.round(values)
    inputs = (values * 10.0**exponent).astype("float32")
    outputs = keras.ops.convert_to_numpy(latent(inputs, training=False))
    codes = keras.ops.convert_to_numpy(latent.codes(inputs))
    assert outputs.shape == (num_samples, latent.num_outputs)
    assert codes.shape == (num_samples, latent.num_latents)
    assert np.isfinite(outputs).all()
    assert np.isfinite(codes).all()
    if not latent.is_discrete:
        return
    assert (codes >= 0).all()
    assert (codes < np.array(latent.codebook_sizes)).all()
    decoded = keras.ops.convert_to_numpy(latent.values(codes))
    np.testing.assert_allclose(decoded, outputs, rtol=1e-6, atol=1e-6)
