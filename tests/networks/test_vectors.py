"""Networks of vectors: units of the data in, units of the data out."""

import numpy as np
import pytest

from keras_qlae import layers
from keras_qlae import networks

MEAN, SCALE = [1e6, -3.0, 0.0], [2e3, 1e-9, 5.0]
RNG = np.random.default_rng(0)


def test_an_encoder_does_not_see_units():
    numbers = RNG.normal(size=(4, 3))
    plain = networks.vector_encoder((3,), 2, dense_units=[8], seed=0)
    other = networks.vector_encoder(
        (3,), 2, dense_units=[8], mean=[0, -3, 0], scale=[2e3, 1e-9, 5], seed=0
    )
    vectors = numbers * [2e3, 0, 5] + [0, -3, 0]
    expected = plain.predict(numbers * [1, 0, 1], verbose=0)
    np.testing.assert_allclose(
        other.predict(vectors, verbose=0), expected, atol=1e-5
    )


def test_a_decoder_ends_in_units():
    settings = {"dense_units": [8], "seed": 0}
    plain = networks.vector_decoder(2, (3,), **settings)
    other = networks.vector_decoder(2, (3,), mean=MEAN, scale=SCALE, **settings)
    values = RNG.normal(size=(4, 2))
    expected = plain.predict(values, verbose=0) * SCALE + MEAN
    np.testing.assert_allclose(
        other.predict(values, verbose=0), expected, rtol=1e-6
    )


def test_sequences_are_laid_out_in_a_row():
    settings = {"dense_units": [8], "seed": 0}
    whole = networks.vector_encoder((6,), 2, **settings)
    rows = networks.vector_encoder((3, 2), 2, **settings)
    vectors = RNG.normal(size=(4, 6))
    np.testing.assert_array_equal(
        whole.predict(vectors, verbose=0),
        rows.predict(vectors.reshape(4, 3, 2), verbose=0),
    )
    decoder = networks.vector_decoder(2, (3, 2), **settings)
    assert decoder.output_shape == (None, 3, 2)


def test_back_is_the_inverse():
    there = layers.Standardization(MEAN, SCALE, dtype="float32")
    back = layers.Standardization(MEAN, SCALE, invert=True, dtype="float32")
    numbers = RNG.normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(
        np.asarray(there(back(numbers[:, 2:] * [0, 0, 1])))[:, 2],
        numbers[:, 2],
        rtol=1e-6,
    )


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], [1.0, 1.0]), r"shapes \(1,\) and \(2,\)"),
        (([0.0], [0.0]), "scales from 0.0"),
        (([np.nan], [1.0]), "finite"),
        (([[0.0]], [[1.0]]), "two lists"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.Standardization(*arguments)


@pytest.mark.one_backend
def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="for vectors: use recipe=qlae"):
        networks.vector_encoder((8, 8, 1), 2)
    with pytest.raises(ValueError, match="that of a vector"):
        networks.vector_decoder(2, (1, 8, 8, 1))
    with pytest.raises(ValueError, match="as long as `mean` and `scale`, 2"):
        networks.vector_encoder((3,), 2, mean=[0, 0], scale=[1, 1])
    for build in (networks.image_encoder, networks.dense_encoder):
        with pytest.raises(ValueError, match="use recipe=qlae-vectors"):
            build((10,), 2)
