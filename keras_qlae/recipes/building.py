"""Builds a compiled model from a recipe."""

import math
from typing import Any

import keras

from keras_qlae.datasets.moments import Moments
from keras_qlae.recipes.memory import check_memory
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.recipe import Recipe


def compiled_model(
    recipe: Recipe,
    image_shape: tuple[int, ...],
    num_factors: int,
    seed: int = 0,
    precision: str | None = None,
    jit_compile: bool | str = "auto",
    num_examples: int | None = None,
    moments: Moments | None = None,
) -> Any:
    """Builds and compiles the model of a recipe.

    Args:
        recipe: The recipe.
        image_shape: `(height, width, channels)` of the images; or the shape
            of a vector.
        num_factors: Number of factors of the data set, which sets the number
            of latents unless the recipe does.
        seed: Integer, for initial weights and samples.
        precision: Dtype policy of the layers. Defaults to the global one.
        jit_compile: As in `keras.Model.compile`.
        num_examples: Number of images in the training set. Only the latent of
            a beta-TCVAE needs it, to estimate the total correlation.
        moments: Means and standard deviations of vectors in the training set,
            with which networks and loss standardize them.

    Returns:
        A compiled model, such as an `Autoencoder` or an `InfoWGANGP`.

    Raises:
        ValueError: The network cannot take the images, parts do not fit each
            other, or the number of latents or `num_examples` is missing.
    """
    common: dict[str, Any] = {"dtype": precision}
    latent = _latent(
        recipe,
        num_factors,
        num_examples,
        num_pixel_values=math.prod(image_shape),
        seed=seed + 2,
        **common,
    )
    check_memory(recipe, latent, image_shape)
    known = moments._asdict() if moments else {}
    networks: dict[str, Any] = {"image_shape": image_shape, **known, **common}
    encoder = recipe.part("encoder").build(
        num_outputs=latent.num_inputs, seed=seed, **networks
    )
    penalties = [part.build() for part in recipe.penalties]
    if any(penalty.needs_full_precision for penalty in penalties):
        policy = keras.dtype_policies.get(
            precision or keras.config.dtype_policy()
        )
        networks["dtype"] = policy.variable_dtype
    decoder = recipe.part("decoder").build(
        num_inputs=latent.num_outputs, seed=seed + 1, **networks
    )
    model_part = recipe.part("model")
    model = model_part.build(
        encoder=encoder,
        trunk=encoder,
        latent=latent,
        decoder=decoder,
        generator=decoder,
        penalties=penalties,
        scale=moments.scale if moments else None,
        seed=seed,
        **common,
    )
    if penalties and not hasattr(model, "penalties"):
        raise SettingError(
            f"`{model_part.name}` takes no penalties. Received: penalties="
            f"{', '.join(part.name for part in recipe.penalties)}",
            "penalties",
        )
    optimizers = {
        argument: _optimizer(recipe, number * recipe.training.steps)
        for argument, number in model.updates_per_step.items()
    }
    model.compile(**optimizers, jit_compile=jit_compile)
    return model


def _latent(
    recipe: Recipe, num_factors: int, num_examples: int | None, **supplied: Any
) -> Any:
    part = recipe.part("latent")
    if num_factors:
        supplied["num_latents"] = 2 * num_factors
    else:
        recipe.check_num_latents()
    if num_examples is not None:
        supplied["num_examples"] = num_examples
    try:
        return part.build(**supplied)
    except TypeError as error:
        if num_examples is None and "num_examples" in str(error):
            raise SettingError(
                f"`{part.name}` needs the size of the training set: pass "
                "`num_examples`. Received: num_examples=None",
                "latent",
            ) from error
        raise


def _optimizer(recipe: Recipe, updates: int) -> Any:
    part = recipe.part("optimizer")
    if not recipe.has("schedule"):
        return part.build()
    rate = part.value("learning_rate")
    schedule = recipe.part("schedule").build(
        learning_rate=rate, total_steps=updates
    )
    values = {k: v for k, v in part.values.items() if k != "learning_rate"}
    return part.target(**values, learning_rate=schedule)
