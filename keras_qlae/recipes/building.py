"""From a recipe to a compiled model."""

import math
from collections.abc import Callable
from typing import Any

import keras

from keras_qlae.layers import Latent
from keras_qlae.models import Autoencoder
from keras_qlae.models import InfoWGANGP
from keras_qlae.networks import image_decoder
from keras_qlae.networks import image_encoder
from keras_qlae.networks import image_trunk
from keras_qlae.networks import style_image_decoder
from keras_qlae.optimizers import Cooldown
from keras_qlae.optimizers import RegularizedAdamW
from keras_qlae.recipes.latents import built_latent
from keras_qlae.recipes.recipe import Recipe


def compiled_model(
    recipe: Recipe,
    image_shape: tuple[int, int, int],
    num_factors: int,
    seed: int = 0,
    precision: str | None = None,
    jit_compile: bool | str = "auto",
    num_examples: int | None = None,
) -> Any:
    """Builds and compiles the model of a recipe.

    Args:
        recipe: The recipe.
        image_shape: `(height, width, channels)` of the images.
        num_factors: Number of factors of the data set, which sets the number
            of latents unless the recipe does.
        seed: Integer: initial weights and samples.
        precision: Dtype policy of the layers. Defaults to the global one.
        jit_compile: As in `keras.Model.compile`.
        num_examples: Images in the training set, which the total correlation
            is estimated with; other latents do not need it.

    Returns:
        A compiled `Autoencoder` or `InfoWGANGP`.

    Raises:
        ValueError: Images that the network cannot take, a latent without
            the prior that a GAN needs, or no `num_examples` where it is
            needed.
    """
    latent = built_latent(
        recipe,
        num_latents=recipe.num_latents or 2 * num_factors,
        num_pixel_values=math.prod(image_shape),
        num_examples=num_examples,
        seed=seed + 2,
        dtype=precision,
    )
    encoder = _ENCODERS[recipe.model](
        image_shape,
        latent.num_inputs,
        recipe.network,
        seed=seed,
        dtype=precision,
    )
    decoder = _DECODERS[recipe.decoder](
        latent.num_outputs,
        image_shape,
        recipe.network,
        seed=seed + 1,
        dtype=precision,
    )
    model, optimizers = _MODELS[recipe.model](
        recipe, encoder, latent, decoder, seed=seed, dtype=precision
    )
    model.compile(*optimizers, jit_compile=jit_compile)
    return model


def _autoencoder(
    recipe: Recipe, encoder: Any, latent: Latent, decoder: Any, **kwargs: Any
) -> tuple[keras.Model, list[Any]]:
    model = Autoencoder(encoder, latent, decoder, **kwargs)
    return model, [_optimizer(recipe, recipe.steps)]


def _info_wgan_gp(
    recipe: Recipe, trunk: Any, latent: Latent, generator: Any, **kwargs: Any
) -> tuple[keras.Model, list[Any]]:
    period = recipe.generator_period
    model = InfoWGANGP(
        generator,
        trunk,
        latent,
        gradient_weight=recipe.gradient_weight,
        latent_weight=recipe.latent_weight,
        generator_period=period,
        **kwargs,
    )
    steps = (recipe.steps, recipe.steps // period)
    return model, [_optimizer(recipe, number) for number in steps]


def _optimizer(recipe: Recipe, steps: int) -> RegularizedAdamW:
    learning_rate: Any = recipe.learning_rate
    if recipe.schedule == "cooldown":
        learning_rate = Cooldown(learning_rate, steps)
    return RegularizedAdamW(
        learning_rate,
        weight_decay=recipe.weight_decay,
        clip=recipe.clip,
        beta_1=recipe.beta_1,
        beta_2=recipe.beta_2,
    )


# The keys are those of `CHOICES`.
_MODELS: dict[str, Callable[..., tuple[keras.Model, list[Any]]]] = {
    "autoencoder": _autoencoder,
    "info_wgan_gp": _info_wgan_gp,
}
_ENCODERS = {"autoencoder": image_encoder, "info_wgan_gp": image_trunk}
_DECODERS = {"style": style_image_decoder, "plain": image_decoder}
