"""Images with each latent set to each of its values."""

import numpy as np
import pytest

from keras_qlae import figures
from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks

pytestmark = pytest.mark.one_backend

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1), np.uint8)


def model_of(latent):
    size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
    return models.Autoencoder(
        networks.image_encoder((8, 8, 1), latent.num_inputs, **size),
        latent,
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **size),
    )


def test_one_latent_changes_and_the_others_stay():
    model = model_of(layers.ScalarCodebookQuantizer(3, num_values=[2, 3, 4]))
    grids = model.traverse(IMAGES[:2])
    assert [grid.shape for grid in grids] == [
        (2, count, 8, 8, 1) for count in (2, 3, 4)
    ]
    codes = model.codes(IMAGES[:2])
    for latent, grid in enumerate(grids):
        for value in range(grid.shape[1]):
            changed = codes.copy()
            changed[:, latent] = value
            expected = model.decode_codes(changed)
            np.testing.assert_allclose(grid[:, value], expected, atol=1e-6)
        own = grid[np.arange(2), codes[:, latent]]
        np.testing.assert_allclose(
            own, model.reconstruct(IMAGES[:2]), atol=1e-6
        )


def test_levels_of_continuous_latents_are_those_that_occur():
    latent = layers.ContinuousLatent(2)
    codes = np.random.default_rng(0).normal(0, [1, 5], (2000, 2))
    levels = latent.levels(codes, num_values=5)
    for row, column in zip(levels, codes.T, strict=True):
        low, high = np.quantile(column, [0.01, 0.99])
        np.testing.assert_allclose(row, np.linspace(low, high, 5))
    with pytest.raises(ValueError, match="those of some hundred images"):
        latent.levels(codes[:1])
    with pytest.raises(ValueError, match="codes of 0 images"):
        latent.levels()


def test_levels_of_a_table_are_the_indices_in_use():
    latent = layers.VectorQuantizer(2, num_embeddings=100, embedding_dim=3)
    codes = np.array([[5, 3], [7, 3], [90, 3]])
    levels = latent.levels(codes, num_values=2)
    assert [row.tolist() for row in levels] == [[5, 90], [3]]


def test_another_number_of_levels_is_refused():
    model = model_of(layers.ScalarCodebookQuantizer(3, 4))
    with pytest.raises(ValueError, match="an array for each of"):
        model.traverse(IMAGES[:1], [[0], [1]])


def values_above(axes):
    texts = [label.get_text() for label in axes.get_xticklabels()]
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts]


def test_a_figure_needs_only_a_model_and_images():
    latent = layers.ScalarCodebookQuantizer(3, num_values=[2, 3, 4])
    figure = figures.traversals(model_of(latent), IMAGES, num_rows=2)
    assert len(figure.axes) == 3
    for axes, row in zip(figure.axes, latent.codebooks, strict=True):
        assert values_above(axes) == pytest.approx(row, abs=0.006)


def test_continuous_latents_are_shown_over_the_range_of_all_images():
    model = model_of(layers.ContinuousLatent(2))
    figure = figures.traversals(
        model, IMAGES, num_values=3, titles=["size", ""]
    )
    levels = model.latent.levels(model.codes(IMAGES), 3)
    assert figure.axes[0].get_title(loc="left") == "Latent 0: size"
    for axes, row in zip(figure.axes, levels, strict=True):
        assert values_above(axes) == pytest.approx(row, abs=0.006)
    with pytest.raises(ValueError, match="those of some hundred images"):
        figures.traversals(model, IMAGES[:1])
