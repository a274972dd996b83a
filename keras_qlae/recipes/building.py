"""From a recipe to a compiled model."""

import math
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import keras

from keras_qlae.layers import BioLatent
from keras_qlae.layers import ContinuousLatent
from keras_qlae.layers import FiniteScalarQuantizer
from keras_qlae.layers import GaussianLatent
from keras_qlae.layers import Latent
from keras_qlae.layers import ScalarCodebookQuantizer
from keras_qlae.layers import TotalCorrelationLatent
from keras_qlae.layers import UniformLatent
from keras_qlae.layers import VectorQuantizer
from keras_qlae.models import Autoencoder
from keras_qlae.models import InfoWGANGP
from keras_qlae.networks import image_decoder
from keras_qlae.networks import image_encoder
from keras_qlae.networks import image_trunk
from keras_qlae.networks import style_image_decoder
from keras_qlae.optimizers import Cooldown
from keras_qlae.optimizers import RegularizedAdamW
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
    latent = _LATENTS[recipe.latent](
        recipe,
        _Place(
            num_latents=recipe.num_latents or 2 * num_factors,
            num_pixel_values=math.prod(image_shape),
            num_examples=num_examples,
            seed=seed + 2,
            dtype=precision,
        ),
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


class _Place(NamedTuple):
    """What a latent depends on besides the recipe."""

    num_latents: int
    num_pixel_values: int
    num_examples: int | None
    seed: int
    dtype: Any


def _scalar_codebook(recipe: Recipe, place: _Place) -> Latent:
    return ScalarCodebookQuantizer(
        place.num_latents,
        recipe.num_values,
        shared=recipe.shared_codebook,
        trainable_codebook=recipe.trainable_codebook,
        quantization_weight=recipe.quantization_weight,
        commitment_weight=recipe.commitment_weight,
        dtype=place.dtype,
    )


def _continuous(recipe: Recipe, place: _Place) -> Latent:
    return ContinuousLatent(place.num_latents, dtype=place.dtype)


def _uniform(recipe: Recipe, place: _Place) -> Latent:
    return UniformLatent(place.num_latents, dtype=place.dtype)


def _gaussian(recipe: Recipe, place: _Place) -> Latent:
    return GaussianLatent(
        place.num_latents,
        place.num_pixel_values,
        kl_weight=recipe.kl_weight,
        seed=place.seed,
        dtype=place.dtype,
    )


def _total_correlation(recipe: Recipe, place: _Place) -> Latent:
    if place.num_examples is None:
        raise ValueError(
            "The latent total_correlation is estimated with the size of the "
            "training set: pass `num_examples`. Received: num_examples=None"
        )
    return TotalCorrelationLatent(
        place.num_latents,
        place.num_pixel_values,
        place.num_examples,
        total_correlation_weight=recipe.total_correlation_weight,
        seed=place.seed,
        dtype=place.dtype,
    )


def _bio(recipe: Recipe, place: _Place) -> Latent:
    return BioLatent(
        place.num_latents,
        nonnegativity_weight=recipe.nonnegativity_weight,
        activity_weight=recipe.activity_weight,
        dtype=place.dtype,
    )


def _vector(recipe: Recipe, place: _Place) -> Latent:
    return VectorQuantizer(
        place.num_latents,
        recipe.num_embeddings,
        recipe.embedding_dim,
        quantization_weight=recipe.quantization_weight,
        commitment_weight=recipe.commitment_weight,
        seed=place.seed,
        dtype=place.dtype,
    )


def _finite_scalar(recipe: Recipe, place: _Place) -> Latent:
    return FiniteScalarQuantizer(
        place.num_latents, recipe.num_values, dtype=place.dtype
    )


# The keys are those of `CHOICES`.
_MODELS: dict[str, Callable[..., tuple[keras.Model, list[Any]]]] = {
    "autoencoder": _autoencoder,
    "info_wgan_gp": _info_wgan_gp,
}
_ENCODERS = {"autoencoder": image_encoder, "info_wgan_gp": image_trunk}
_DECODERS = {"style": style_image_decoder, "plain": image_decoder}
_LATENTS: dict[str, Callable[[Recipe, _Place], Latent]] = {
    "scalar_codebook": _scalar_codebook,
    "continuous": _continuous,
    "uniform": _uniform,
    "gaussian": _gaussian,
    "total_correlation": _total_correlation,
    "bio": _bio,
    "vector": _vector,
    "finite_scalar": _finite_scalar,
}
