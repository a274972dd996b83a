"""Small untrained models with every kind of latent."""

import numpy as np
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks

SHAPE = (16, 16, 3)
SIZE = {"blocks": [(8, 4, 2)], "dense_units": [16], "seed": 1}
LATENTS = {
    "scalar": lambda: layers.ScalarCodebookQuantizer(4, [5, 3, 4, 5]),
    "vector": lambda: layers.VectorQuantizer(3, 40, 4, seed=0),
    "gumbel": lambda: layers.GumbelCodebookQuantizer(4, 6, seed=0),
    "grid": lambda: layers.FiniteScalarQuantizer(4, 5),
    "continuous": lambda: layers.ContinuousLatent(4),
    "gaussian": lambda: layers.GaussianLatent(4, 768),
    "uniform": lambda: layers.UniformLatent(4),
}


def small_model(
    kind="scalar", shape=SHAPE, adversarial=False, likelihood="bernoulli"
):
    """A model whose image depends visibly on every latent."""
    latent = LATENTS[kind]()
    decoder = networks.style_image_decoder(latent.num_outputs, shape, **SIZE)
    if adversarial:
        trunk = networks.image_trunk(shape, latent.num_inputs, **SIZE)
        model = models.InfoWGANGP(decoder, trunk, latent)
    else:
        encoder = networks.image_encoder(shape, latent.num_inputs, **SIZE)
        model = models.Autoencoder(
            encoder, latent, decoder, likelihood=likelihood
        )
    for weight in (*model.decoder.weights, *model.encoder.weights):
        if weight.path.endswith("kernel"):
            weight.assign(2.5 * ops.convert_to_numpy(weight))
    return model


def some_images(number, shape=SHAPE):
    """Blocks of random colours: pixels that no rounding changes."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (number, 4, 4, shape[2]), dtype=np.uint8)
    return coarse.repeat(shape[0] // 4, axis=1).repeat(shape[1] // 4, axis=2)
