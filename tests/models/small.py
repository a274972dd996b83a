"""Models of 8x8x1 images, as small as they come, and their images."""

import numpy as np

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from keras_qlae import optimizers
from tests.penalties.small import Bend

SHAPE = (8, 8, 1)
SIZE = {"blocks": [(4, 4, 2)], "dense_units": [8]}


def small_autoencoder(
    latent=None,
    cls=models.Autoencoder,
    seed=1,
    compiled=True,
    penalties=(),
    likelihood="bernoulli",
    **settings,
):
    if latent is None:
        latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4], name="latent")
    model = cls(
        networks.image_encoder(SHAPE, latent.num_inputs, seed=seed, **SIZE),
        latent,
        networks.style_image_decoder(
            latent.num_outputs, SHAPE, seed=seed + 1, **SIZE
        ),
        penalties=penalties,
        likelihood=likelihood,
        seed=2,
    )
    if compiled:
        model.compile(
            optimizers.RegularizedAdamW(1e-2, weight_decay=0.01, clip=1.0),
            **settings,
        )
    return model


def small_beta_vae():
    return small_autoencoder(layers.GaussianLatent(3, 64, seed=3))


def small_factor_vae(latent=None, cls=models.FactorVAE, seed=1, **settings):
    """Its discriminator sees three latents."""
    if latent is None:
        latent = layers.GaussianLatent(3, 64, kl_weight=0.5, seed=3)
    model = cls(
        networks.image_encoder(SHAPE, latent.num_inputs, seed=seed, **SIZE),
        latent,
        networks.style_image_decoder(
            latent.num_outputs, SHAPE, seed=seed + 1, **SIZE
        ),
        discriminator_units=[7, 6],
        seed=2,
    )
    model.compile(
        optimizers.RegularizedAdamW(1e-2, weight_decay=0.01, clip=1.0),
        optimizers.RegularizedAdamW(2e-2, weight_decay=0.0),
        **settings,
    )
    return model


def small_factor_qvae():
    return small_factor_vae(layers.GumbelCodebookQuantizer(3, 5, seed=3))


def gumbel_autoencoder():
    """Its latent counts draws, the same on every replica."""
    return small_autoencoder(layers.GumbelCodebookQuantizer(3, 5, seed=3))


def small_vq_vae():
    return small_autoencoder(layers.VectorQuantizer(3, 5, 2, seed=3))


def penalized_autoencoder():
    """With noise, one row an example: replicas must have rows of their own."""
    return small_autoencoder(penalties=[Bend(["style0"], weight=0.1)])


def small_gan(latent=None, compiled=True, settings=(), **kwargs):
    """Two critic updates to one of the generator.

    `settings` are those of `compile`, the rest those of the model.
    """
    if latent is None:
        latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4], name="latent")
    model = models.InfoWGANGP(
        networks.style_image_decoder(latent.num_outputs, SHAPE, seed=0, **SIZE),
        networks.image_trunk(SHAPE, latent.num_inputs, seed=0, **SIZE),
        latent,
        **{"generator_period": 2, "seed": 1, **kwargs},
    )
    if compiled:
        pair = (
            optimizers.RegularizedAdamW(
                1e-3, weight_decay=0.1, clip=1.0, beta_1=0.0, beta_2=0.9
            )
            for _ in range(2)
        )
        model.compile(*pair, **dict(settings))
    return model


def integer_images(num_images, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (num_images, *SHAPE), dtype=np.uint8)


def float_images(num_images, seed=0):
    return integer_images(num_images, seed).astype("float32") / 255
