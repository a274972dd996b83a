"""The Hessian penalty: golden values, a loop, laws, errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import networks
from keras_qlae.penalties import HessianPenalty
from tests.gradients import gradients_of
from tests.penalties.passes import ENCODED
from tests.penalties.passes import Latents
from tests.penalties.passes import decoder_of
from tests.penalties.passes import forward_pass
from tests.penalties.passes import grid
from tests.penalties.passes import numpy

A = np.array([[1, 0.5, 0], [0.5, -2, 0.3], [0, 0.3, 0.7]])
SIGNS = np.array([[-1.0, 1, -1], [-1, 1, 1]])
NORMAL = np.array(
    [
        [-1.400884102827668, 1.4321449977776874, 0.6248106961344603],
        [0.20048727190797802, 0.24714761103775162, 0.5244771012032242],
    ]
)


def quadratic(z0, z1, z2):
    z = (z0, z1, z2)
    half = sum(A[i, j] * z[i] * z[j] for i in range(3) for j in range(3)) / 2
    return half, z0 * z1 + z2**3, z0**2 + z1


def additive(z0, z1, z2):
    return z0**2 - z1**3, z1 + z2**4


def product(z0, z1, z2):
    return (z0 * z1,)


def draws(num_draws, batch_size=6, num_latents=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (batch_size, num_draws, num_latents)
    signs = 2 * rng.integers(0, 2, shape) - 1
    return {"rademacher": signs, "normal": rng.normal(size=shape)}


def penalty_of(function, encoded, noise, latent=None, **kwargs):
    """The penalty of each example, for the tap of a toy decoder."""
    latent = latent or layers.FiniteScalarQuantizer(3, 12)
    num_draws = noise["rademacher"].shape[1]
    penalty = HessianPenalty(taps=["tap"], num_draws=num_draws, **kwargs)
    decoder = decoder_of(function, latent.num_outputs)
    forward = forward_pass(latent, encoded, decoder, ["tap"])
    return numpy(penalty.compute(forward, noise))


def by_loops(function, z, sigma, noise, epsilon=0.1):
    """Numerator and denominator for each example, by the definition."""
    found = {"rademacher": [], "normal": []}
    for kind, values in found.items():
        for at, directions in zip(z, noise[kind], strict=True):
            middle = np.array(function(*at))
            second = []
            for direction in directions:
                move = epsilon * direction * sigma
                up = np.array(function(*(at + move)))
                down = np.array(function(*(at - move)))
                second.append((up - 2 * middle + down) / epsilon**2)
            values.append(np.var(second, axis=0).mean())
    return np.array(found["rademacher"]), np.array(found["normal"])


def test_golden_values(float64):
    """Computed with the authors' implementation: the first example."""
    noise = {
        "rademacher": np.tile(SIGNS, (6, 1, 1)),
        "normal": np.tile(NORMAL, (6, 1, 1)),
    }
    plain = penalty_of(quadratic, ENCODED, noise, normalized=False)
    assert plain[0] == pytest.approx(0.0117378487941890, rel=1e-10)
    normalized = penalty_of(quadratic, ENCODED, noise)
    assert normalized[0] == pytest.approx(0.0140483802977097, rel=1e-10)


def test_is_its_definition(float64):
    noise = draws(3)
    spread = np.tanh(ENCODED).std(axis=0) + 1e-6
    top, bottom = by_loops(quadratic, grid(ENCODED), spread, noise, 0.2)
    np.testing.assert_allclose(
        penalty_of(quadratic, ENCODED, noise, epsilon=0.2),
        top / (bottom + 1e-10),
        rtol=1e-9,
        atol=1e-20,  # the same direction twice: 0 but for rounding
    )
    np.testing.assert_allclose(
        penalty_of(quadratic, ENCODED, noise, normalized=False, epsilon=0.2),
        top,
        rtol=1e-9,
        atol=1e-20,
    )


def test_approaches_the_squares_of_the_hessian(float64):
    """With many draws: sums of squares off the diagonal, and of all."""
    noise = draws(4000)
    z, spread = grid(ENCODED), np.tanh(ENCODED).std(axis=0) + 1e-6
    unit = np.outer(spread, spread)
    off, every = [], []
    for z2 in z[:, 2]:
        hessians = np.zeros((3, 3, 3))
        hessians[0] = A
        hessians[1][0, 1] = hessians[1][1, 0] = 1
        hessians[1][2, 2] = 6 * z2
        hessians[2][0, 0] = 2
        squares = (unit * hessians) ** 2
        diagonal = np.einsum("tii->", squares)
        every.append(2 * squares.sum() / 3)
        off.append(2 * (squares.sum() - diagonal) / 3)
    plain = penalty_of(quadratic, ENCODED, noise, normalized=False)
    np.testing.assert_allclose(plain, off, rtol=0.1)
    ratio = penalty_of(quadratic, ENCODED, noise)
    np.testing.assert_allclose(ratio, np.divide(off, every), rtol=0.1)


def test_a_sum_of_functions_of_one_latent_has_none(float64):
    for normalized in (True, False):
        found = penalty_of(additive, ENCODED, draws(2), normalized=normalized)
        np.testing.assert_allclose(found, 0, atol=1e-12)


def test_a_product_has_all(float64):
    found = penalty_of(product, ENCODED, draws(4000))
    np.testing.assert_allclose(found, 1, rtol=0.1)


def test_scales_of_decoder_and_latents_do_not_matter(float64):
    noise, latent = draws(2), layers.ContinuousLatent(3)
    z = np.random.default_rng(1).normal(size=(6, 3))
    expected = penalty_of(quadratic, z, noise, latent)

    def louder(*z):
        return tuple(5 * value for value in quadratic(*z))

    def wider(*z):
        return quadratic(*(2 * value for value in z))

    # What is added to the spread and to the denominator does not scale.
    for function, values in ((louder, z), (wider, z / 2)):
        np.testing.assert_allclose(
            penalty_of(function, values, noise, latent), expected, rtol=1e-5
        )


def test_a_constant_latent_drops_out(float64):
    z = np.random.default_rng(1).normal(size=(6, 3))
    z[:, 1] = 0.7
    noise, latent = draws(2), layers.ContinuousLatent(3)
    found = penalty_of(product, z, noise, latent, normalized=False)
    np.testing.assert_allclose(found, 0, atol=1e-10)


@pytest.mark.slow_on("jax")
def test_taps_are_added_and_may_have_any_shape(float64):
    decoder = networks.residual_image_decoder(
        3, (8, 8, 1), "tiny", widths=[4, 3], style_units=[6], seed=1
    )
    latent, noise = layers.FiniteScalarQuantizer(3, 12), draws(3)

    def penalty(*taps):
        forward = forward_pass(latent, ENCODED, decoder, taps)
        penalty = HessianPenalty(taps=taps, num_draws=3)
        return numpy(penalty.compute(forward, noise))

    alone = [penalty("cond"), penalty("block0")]
    both = penalty("cond", "block0")
    np.testing.assert_allclose(both, alone[0] + alone[1], rtol=1e-10)
    assert np.all(both > 0)


def test_calls_the_decoder_once():
    latent, calls = layers.FiniteScalarQuantizer(3, 12), []
    forward = forward_pass(
        latent, ENCODED.astype("float32"), decoder_of(product, 3), ["tap"]
    )

    def tap(values):
        calls.append(tuple(values.shape))
        return forward.tap(values)

    counted = forward._replace(tap=tap, decode=None)
    for normalized, copies in ((True, 8), (False, 4)):
        penalty = HessianPenalty(taps=["tap"], normalized=normalized)
        penalty.compute(counted, draws(2))
        assert calls.pop() == (copies * 6, 3)
        assert not calls


def test_layers_behind_the_taps_are_not_computed_again():
    calls = []

    class Last(keras.layers.Layer):
        def call(self, x):
            calls.append(tuple(x.shape))
            return 2 * x

    tapped = decoder_of(product, 3)
    decoder = keras.Model(tapped.input, Last()(tapped.output))
    latent = layers.FiniteScalarQuantizer(3, 12)
    encoded = ENCODED.astype("float32")
    calls.clear()
    forward = forward_pass(latent, encoded, decoder, ["tap"])
    found = HessianPenalty(taps=["tap"]).compute(forward, draws(2))
    assert calls == [(6, 1)]
    bare = forward_pass(latent, encoded, tapped, ["tap"])
    expected = HessianPenalty(taps=["tap"]).compute(bare, draws(2))
    np.testing.assert_array_equal(numpy(found), numpy(expected))


def test_float32_is_enough():
    """For values of the size of a decoder's, with a step of 0.1."""
    noise = draws(2)
    spread = np.tanh(ENCODED).std(axis=0) + 1e-6
    top, bottom = by_loops(quadratic, grid(ENCODED), spread, noise)
    np.testing.assert_allclose(
        penalty_of(quadratic, ENCODED.astype("float32"), noise),
        top / (bottom + 1e-10),
        rtol=1e-2,
        atol=1e-5,
    )


def test_draws():
    penalty, latent = HessianPenalty(num_draws=5), layers.ContinuousLatent(40)
    seed = keras.random.SeedGenerator(0)
    drawn = {k: numpy(v) for k, v in penalty.draw(100, latent, seed).items()}
    assert {k: v.shape for k, v in drawn.items()} == {
        "rademacher": (100, 5, 40),
        "normal": (100, 5, 40),
    }
    np.testing.assert_array_equal(np.abs(drawn["rademacher"]), 1)
    # 20,000 draws: means are within 5 of their standard errors, 0.007.
    assert abs(drawn["rademacher"].mean()) < 0.035
    assert abs(drawn["normal"].mean()) < 0.035
    assert drawn["normal"].std() == pytest.approx(1, abs=0.03)
    again = numpy(penalty.draw(100, latent, seed)["rademacher"])
    assert np.any(again != drawn["rademacher"])
    plain = HessianPenalty(normalized=False).draw(2, latent, seed)
    assert set(plain) == {"rademacher"}


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_refuses_a_decoder_in_half_precision(policy):
    size = {"blocks": [(4, 4, 2)], "dense_units": [8]}
    penalty = HessianPenalty(taps=["style0"])
    half = networks.style_image_decoder(3, (8, 8, 1), dtype=policy, **size)
    with pytest.raises(ValueError, match=r'"float32"`.*Received: .*style0'):
        penalty.check(half)
    penalty.check(
        networks.style_image_decoder(3, (8, 8, 1), dtype="float32", **size)
    )


def test_refuses():
    with pytest.raises(ValueError, match=r"at least 2.*num_draws=1"):
        HessianPenalty(num_draws=1)
    with pytest.raises(ValueError, match=r"size of the step.*epsilon=0"):
        HessianPenalty(epsilon=0)
    for taps in ("cond", []):
        with pytest.raises(ValueError, match="at least one name of a layer"):
            HessianPenalty(taps=taps)
    forward = forward_pass(
        layers.VectorQuantizer(3, 5, 2), np.zeros((2, 6), "float32")
    )
    penalty = HessianPenalty(taps=["tap"])
    noise = penalty.draw(2, forward.latent, keras.random.SeedGenerator(0))
    with pytest.raises(ValueError, match=r"one number.*VectorQuantizer with"):
        penalty.compute(forward, noise)


def test_gradients_reach_the_encoder_in_three_ways(float64):
    """Through the point, the straight-through sum and the spread."""
    noise, latent = draws(2), layers.ContinuousLatent(3)
    z = np.random.default_rng(1).normal(size=(6, 3))
    source = Latents(z)
    decoder = decoder_of(quadratic, 3)
    penalty = HessianPenalty(taps=["tap"], epsilon=0.5)

    def total(values):
        forward = forward_pass(latent, values, decoder, ["tap"])
        return ops.sum(penalty.compute(forward, noise))

    gradients = gradients_of(lambda: total(source.values.value), source)
    actual = gradients[id(source.values)]
    h = 1e-6
    for at in np.ndindex(*z.shape):
        step = np.zeros_like(z)
        step[at] = h
        up, down = (float(numpy(total(z + s * step))) for s in (1, -1))
        slope = (up - down) / (2 * h)
        assert actual[at] == pytest.approx(slope, rel=1e-5, abs=1e-6)
