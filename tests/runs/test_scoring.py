"""Scored codes: indices, or the quantized values of these."""

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae import layers
from keras_qlae import metrics
from keras_qlae import models
from keras_qlae import networks
from keras_qlae.runs.scoring import own_metrics
from keras_qlae.runs.scoring import score

pytestmark = pytest.mark.one_backend

NUMBERS = {
    "SAP": metrics.sap_score,
    "explicitness": metrics.explicitness_score,
    "IRS": metrics.irs_score,
    "FactorVAE": metrics.factor_vae_score,
}
COUNTED = {"MIG": metrics.mig_score, "modularity": metrics.modularity_score}


@pytest.fixture(scope="module")
def data():
    """A square in one of 3 places, of one of 2 shades, with some noise."""
    factors = np.stack(np.indices((3, 2, 12)), -1).reshape(-1, 3)[:, :2]
    images = np.random.default_rng(0).integers(0, 30, (72, 8, 8, 1), np.uint8)
    for image, (place, shade) in zip(images, factors, strict=True):
        image[2:6, 2 * place : 2 * place + 3] = (110, 220)[shade]
    return datasets.from_arrays(images, factors)


def model_of(latent):
    size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
    return models.Autoencoder(
        networks.image_encoder((8, 8, 1), latent.num_inputs, **size),
        latent,
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **size),
    )


def assert_scored(scores, factors, codes, numbers):
    for name, metric in NUMBERS.items():
        assert scores[name] == pytest.approx(metric(factors, numbers)), name
    for name, metric in COUNTED.items():
        assert scores[name] == pytest.approx(metric(factors, codes)), name
    dci = metrics.dci_scores(factors, numbers)
    assert scores["DCI-D"] == pytest.approx(dci.disentanglement)
    assert scores["DCI-C"] == pytest.approx(dci.completeness)
    assert scores["DCI-I"] == pytest.approx(dci.informativeness)


def test_a_codebook_out_of_order_is_scored_by_its_values(data):
    latent = layers.ScalarCodebookQuantizer(2, 4)
    model = model_of(latent)
    index = np.arange(len(data))
    pre = model.encode(data.images(index))
    # In the precision of the codebook: FactorVAE's votes have ties.
    quartiles = np.quantile(pre, [0.1, 0.4, 0.6, 0.9], axis=0).T
    quartiles = quartiles.astype("float32")
    order = [2, 0, 3, 1]
    latent.codebook.assign(quartiles[:, order])
    codes = model.codes(data.images(index))
    values = np.stack([quartiles[j][order][codes[:, j]] for j in (0, 1)], 1)
    factors = data.factors(index)
    scores = score(model, data, every_metric=True).others
    assert_scored(scores, factors, codes, values)
    # The indices would say something else.
    assert scores["IRS"] != pytest.approx(metrics.irs_score(factors, codes))


@pytest.mark.parametrize(
    "latent",
    [
        lambda: layers.ContinuousLatent(2),
        lambda: layers.VectorQuantizer(2, 8, 4, seed=0),
    ],
    ids=["continuous", "vectors"],
)
def test_others_are_scored_by_their_codes(latent, data):
    model = model_of(latent())
    index = np.arange(len(data))
    codes = model.codes(data.images(index))
    scores = score(model, data, every_metric=True).others
    assert_scored(scores, data.factors(index), codes, codes)
    assert -1 <= scores["SSIM"] <= 1


def share_of_zeros(factors, latents):
    """A user's metric."""
    assert len(factors) == len(latents)
    return (latents == 0).mean()


def test_a_metric_of_ones_own_is_scored_too(data):
    model = model_of(layers.ScalarCodebookQuantizer(2, 4))
    codes = model.codes(data.images(np.arange(len(data))))
    scores = score(model, data, own=[f"{__name__}:share_of_zeros"])
    assert scores.others == {"share_of_zeros": (codes == 0).mean()}


def test_a_metric_must_be_an_import_path(data):
    with pytest.raises(ValueError, match="takes import paths of functions"):
        own_metrics(["mig"])
    with pytest.raises(ValueError, match="has no class or function 'nothing'"):
        own_metrics([f"{__name__}:nothing"])
