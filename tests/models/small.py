"""An autoencoder of 8x8x1 images, as small as they come, and its images."""

import numpy as np

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from keras_qlae import optimizers

SHAPE = (8, 8, 1)
SIZE = {"blocks": [(4, 4, 2)], "dense_units": [8]}


def small_autoencoder(
    latent=None, cls=models.Autoencoder, seed=1, compiled=True, **settings
):
    if latent is None:
        latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4], name="latent")
    model = cls(
        networks.image_encoder(SHAPE, latent.num_inputs, seed=seed, **SIZE),
        latent,
        networks.style_image_decoder(
            latent.num_outputs, SHAPE, seed=seed + 1, **SIZE
        ),
        seed=2,
    )
    if compiled:
        model.compile(
            optimizers.RegularizedAdamW(1e-2, weight_decay=0.01, clip=1.0),
            **settings,
        )
    return model


def integer_images(num_images, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (num_images, *SHAPE), dtype=np.uint8)


def float_images(num_images, seed=0):
    return integer_images(num_images, seed).astype("float32") / 255
