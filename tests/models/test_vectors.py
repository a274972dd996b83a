"""Autoencoders of vectors: any range, standardized by the model itself."""

import keras
import numpy as np
import pytest

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks

MEAN, SCALE = [1e4, -3.0, 0.5], [2e3, 1e-3, 5.0]
RNG = np.random.default_rng(0)
VECTORS = (RNG.normal(size=(40, 3)) * SCALE + MEAN).astype("float32")


def vector_model(cls=models.Autoencoder, latent=None, shape=(3,), **kwargs):
    latent = latent or layers.ScalarCodebookQuantizer(2, 4)
    size = {"dense_units": [8], "mean": MEAN, "scale": SCALE}
    model = cls(
        networks.vector_encoder(shape, latent.num_inputs, seed=0, **size),
        latent,
        networks.vector_decoder(latent.num_outputs, shape, seed=1, **size),
        **{"likelihood": "gaussian", "scale": SCALE, "seed": 2, **kwargs},
    )
    model.compile("adam")
    return model


def test_the_loss_does_not_depend_on_units():
    model = vector_model()
    losses = model.compute_losses(VECTORS, training=False)
    error = (VECTORS - model.reconstruct(VECTORS)) / SCALE
    loss = keras.ops.convert_to_numpy(losses["reconstruction_loss"])
    assert loss == pytest.approx(np.mean(error**2), rel=1e-4)
    assert "psnr" not in losses


def test_training_lowers_it_and_logs_no_psnr():
    model = vector_model()
    history = model.fit(VECTORS, batch_size=20, epochs=8, verbose=0).history
    losses = history["reconstruction_loss"]
    assert losses[-1] < losses[0]
    assert "psnr" not in history
    expected = model.evaluate(VECTORS, verbose=0, return_dict=True)
    assert expected.keys() == history.keys()


def test_a_saved_model_takes_vectors_as_they_are(tmp_path):
    model = vector_model()
    model.fit(VECTORS, batch_size=20, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.codes(VECTORS), model.codes(VECTORS))
    np.testing.assert_array_equal(
        loaded.reconstruct(VECTORS), model.reconstruct(VECTORS)
    )
    assert loaded.scale == SCALE
    assert loaded.reconstruction_r2(VECTORS) == model.reconstruction_r2(VECTORS)


def test_integers_are_numbers_and_no_pixels():
    model = vector_model()
    whole = np.rint(VECTORS)
    np.testing.assert_array_equal(
        model.encode(whole.astype("int32")), model.encode(whole)
    )


def test_sequences_are_rebuilt_in_their_shape():
    model = vector_model(shape=(2, 3))
    sequences = VECTORS.reshape(20, 2, 3)
    model.fit(sequences, batch_size=20, verbose=0)
    assert model.reconstruct(sequences).shape == (20, 2, 3)
    grids = model.traverse(sequences[:2])
    assert [grid.shape for grid in grids] == [(2, 4, 2, 3)] * 2
    assert model.sample(3).shape == (3, 2, 3)


def test_a_factor_vae_reads_vectors():
    model = vector_model(
        models.FactorVAE,
        layers.GaussianLatent(2, 3, seed=3),
        discriminator_units=[4],
    )
    history = model.fit(VECTORS, batch_size=20, verbose=0).history
    assert history.keys() >= {"discriminator_loss", "reconstruction_loss"}


def nan():
    vectors = VECTORS.copy()
    vectors[7, 1] = np.nan
    return vectors


@pytest.mark.one_backend
@pytest.mark.parametrize("method", ["codes", "fit", "evaluate"])
@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (VECTORS[:, :2], r"shape \(batch, 3\).*Received: shape=\(40, 2\)"),
        (VECTORS[:, :, None, None], r"shape \(batch, 3\), the encoder's"),
        (nan(), "NaN or infinity in row 7"),
        (VECTORS.astype("complex64"), "integers or floats"),
    ],
)
def test_other_vectors_are_refused(method, vectors, message):
    with pytest.raises(ValueError, match=message):
        getattr(vector_model(), method)(vectors)


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"likelihood": "bernoulli", "scale": None},
            "not pixels.*'gaussian'",
        ),
        ({"scale": [1.0, 2.0]}, "for each of the 3 values"),
        ({"scale": [1.0, 2.0, 0.0]}, "positive"),
        ({"scale": [1.0, 2.0, np.inf]}, "finite"),
    ],
)
def test_likelihoods_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        vector_model(**settings)
