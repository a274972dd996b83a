"""Entropy, perplexity and dead codes, by hand."""

import json

import numpy as np
import pytest

from keras_qlae.metrics import code_usage

pytestmark = pytest.mark.backend_free


def test_numbers_by_hand():
    codes = np.array([[0, 3, 1], [1, 3, 1], [2, 3, 0], [3, 3, 1]])
    usage = code_usage(codes, [4, 5, 3])
    quarter = 0.25 * np.log(4) + 0.75 * np.log(4 / 3)
    np.testing.assert_allclose(usage.entropy, [np.log(4), 0, quarter])
    np.testing.assert_allclose(usage.perplexity, [4, 1, np.exp(quarter)])
    assert usage.num_dead.tolist() == [0, 4, 1]
    assert usage.entropy[1] == 0.0


def test_one_size_for_all_and_any_axes_of_batch():
    codes = np.random.default_rng(0).integers(0, 7, (5, 4, 3, 2))
    expected = code_usage(codes.reshape(-1, 2), [9, 9])
    for size in (9, np.int32(9)):
        usage = code_usage(codes, size)
        for field, wanted in zip(usage, expected, strict=True):
            np.testing.assert_array_equal(field, wanted)


def test_two_thousand_random_tables():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        sizes = rng.integers(1, 12, rng.integers(1, 5))
        codes = rng.integers(0, sizes, (rng.integers(1, 40), len(sizes)))
        usage = code_usage(codes, sizes)
        assert ((usage.entropy >= 0) & (usage.perplexity >= 1)).all()
        assert (usage.perplexity <= sizes - usage.num_dead + 1e-9).all()
        used = [len(set(column)) for column in codes.T.tolist()]
        assert (usage.num_dead == sizes - used).all()
        order = rng.permutation(len(sizes))
        again = code_usage(codes[::-1, order], sizes[order])
        np.testing.assert_array_equal(again.entropy, usage.entropy[order])


@pytest.mark.parametrize(
    ("codes", "sizes", "message"),
    [
        ([0, 1], 2, r"codes\.shape=\(2,\)"),
        (np.zeros((0, 2), int), 2, r"at least one.*shape=\(0, 2\)"),
        ([[0.0]], 2, "dtype=float64"),
        ([[0, 2]], 2, "Received: 2 for latent 1"),
        ([[0, -1]], 2, "Received: -1 for latent 1"),
        ([[0, 1]], [2, 2, 2], r"each of the 2 latents.*\[2, 2, 2\]"),
        ([[0, 1]], 0, "positive integer.*Received: 0"),
        ([[0, 1]], 2.5, r"positive integer.*Received: 2\.5"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(codes, sizes, message):
    with pytest.raises(ValueError, match=message):
        code_usage(codes, sizes)


def test_plain_lists():
    usage = code_usage([[0, 2], [1, 2]], [2, 4])
    stored = json.loads(json.dumps(usage.to_dict()))
    assert stored["num_dead"] == [0, 3]
    assert stored["perplexity"] == pytest.approx([2.0, 1.0])
