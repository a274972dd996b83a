"""HFS: a loop, factorized supports, the scale, gradients."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae.penalties import HausdorffFactorizedSupport
from tests.gradients import gradients_of
from tests.penalties.passes import Latents
from tests.penalties.passes import forward_pass
from tests.penalties.passes import numpy

Z = np.random.default_rng(0).normal(size=(6, 4))


def noise_of(penalty, batch_size=6, num_latents=4, seed=0):
    latent = layers.ContinuousLatent(num_latents)
    generator = keras.random.SeedGenerator(seed)
    drawn = penalty.draw(batch_size, latent, generator)
    return {name: numpy(values) for name, values in drawn.items()}


def penalty_of(penalty, z, noise):
    forward = forward_pass(layers.ContinuousLatent(z.shape[1]), z)
    return numpy(penalty.compute(forward, noise))


def by_loops(z, noise, num_pairs, scale_weight=0.0):
    size, num_latents = z.shape
    pairs = list(itertools.combinations(range(num_latents), 2))
    chosen = np.argsort(noise["pairs"][0])[:num_pairs]
    examples = np.floor(noise["examples"] * size).astype(int)
    total = 0.0
    for p, pair in enumerate(chosen):
        a, b = pairs[pair]
        distances = []
        for i, j in examples[:, :, p].reshape(-1, 2):
            squares = (z[i, a] - z[:, a]) ** 2 + (z[j, b] - z[:, b]) ** 2
            distances.append(squares.min())
        total += max(distances)
    narrow = np.maximum(0, 1 - z.std(axis=0)).sum()
    return total + scale_weight * narrow


@pytest.mark.parametrize(
    ("num_pairs", "num_combinations", "scale_weight"),
    [(2, 3, 0.0), (25, 2, 0.5), (6, 1, 1.0)],
)
def test_is_its_definition(float64, num_pairs, num_combinations, scale_weight):
    penalty = HausdorffFactorizedSupport(
        num_pairs=num_pairs,
        num_combinations=num_combinations,
        scale_weight=scale_weight,
    )
    noise = noise_of(penalty)
    taken = min(num_pairs, 6)
    assert noise["pairs"].shape == (6, 6)
    assert noise["examples"].shape == (6, num_combinations, taken, 2)
    assert penalty_of(penalty, Z, noise) == pytest.approx(
        by_loops(Z, noise, taken, scale_weight), rel=1e-12
    )


def test_draws_new_values_from_all_examples():
    penalty = HausdorffFactorizedSupport(num_pairs=3, num_combinations=20)
    noise = noise_of(penalty, batch_size=50)
    examples = np.floor(noise["examples"] * 50)
    assert set(examples.ravel()) == set(range(50))
    assert np.any(noise_of(penalty, 50, seed=1)["pairs"] != noise["pairs"])


def test_correlated_latents_may_be_factorized():
    """All combinations of two values, most of them on the diagonal."""
    often = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
    whole = np.concatenate([often, [[0.0, 1.0], [1.0, 0.0]]])
    penalty = HausdorffFactorizedSupport()
    for z, expected in ((whole, 0.0), (often, 1.0)):
        noise = noise_of(penalty, len(z), 2)
        found = penalty_of(penalty, z.astype("float32"), noise)
        assert found == expected


def test_gradients(float64):
    penalty = HausdorffFactorizedSupport(num_pairs=3, scale_weight=0.5)
    noise, h = noise_of(penalty), 1e-6
    source = Latents(Z)

    def loss():
        latent = layers.ContinuousLatent(4)
        forward = forward_pass(latent, source.values.value)
        return penalty.compute(forward, noise)

    actual = gradients_of(loss, source)[id(source.values)]
    for at in np.ndindex(*Z.shape):
        step = np.zeros_like(Z)
        step[at] = h
        up, down = (by_loops(Z + s * step, noise, 3, 0.5) for s in (1, -1))
        slope = (up - down) / (2 * h)
        assert actual[at] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_numbers_near_1_are_the_last_example():
    """Rounded in float32, the product with the batch's size is that size."""
    penalty = HausdorffFactorizedSupport()
    noise = noise_of(penalty, 100, 2)
    noise["examples"] = np.full_like(noise["examples"], 1 - 2**-25)
    z = np.random.default_rng(0).normal(size=(100, 2)).astype("float32")
    noise = {k: ops.cast(v, "float32") for k, v in noise.items()}
    assert penalty_of(penalty, z, noise) == 0


def test_refuses():
    with pytest.raises(ValueError, match="num_pairs=0"):
        HausdorffFactorizedSupport(num_pairs=0)
    with pytest.raises(ValueError, match="num_combinations=0"):
        HausdorffFactorizedSupport(num_combinations=0)
    with pytest.raises(ValueError, match="scale_weight=-1"):
        HausdorffFactorizedSupport(scale_weight=-1)
    penalty = HausdorffFactorizedSupport()
    with pytest.raises(ValueError, match=r"two or more.*num_latents=1"):
        noise_of(penalty, num_latents=1)
    latent = layers.VectorQuantizer(3, 5, 2)
    forward = forward_pass(latent, np.zeros((6, 6), "float32"))
    with pytest.raises(ValueError, match=r"are numbers.*VectorQuantizer"):
        penalty.compute(forward, noise_of(penalty, num_latents=3))
