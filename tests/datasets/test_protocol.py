"""Scored images: held out, or as in the paper."""

import numpy as np
import pytest

from keras_qlae import datasets

pytestmark = pytest.mark.backend_free


def positions(dataset, part):
    return dataset.index_of(part.factors(np.arange(len(part))))


def test_the_papers_protocol_trains_on_scored_images():
    dataset = datasets.load("room3d")
    train, scored = dataset.split(protocol="paper")
    assert train is dataset
    assert len(scored) == 10_000
    _, held_out = dataset.split()
    np.testing.assert_array_equal(
        positions(dataset, scored), positions(dataset, held_out)
    )


def test_scored_images_have_every_value_of_every_factor():
    _, scored = datasets.load("room3d").split(protocol="paper")
    factors = scored.factors(np.arange(len(scored)))
    assert tuple(factors.max(axis=0) + 1) == scored.factor_sizes


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ValueError, match=r"'paper'.*'first'"):
        datasets.load("room3d").split(protocol="first")
