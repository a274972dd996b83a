"""Hyper-parameters by name: the paper's, and small ones for a CPU.

A recipe is flat and plain; `compiled_model` turns it into a compiled model.
"""

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any

from keras_qlae.layers import ContinuousLatent
from keras_qlae.layers import Latent
from keras_qlae.layers import ScalarCodebookQuantizer
from keras_qlae.models import Autoencoder
from keras_qlae.networks import image_decoder
from keras_qlae.networks import image_encoder
from keras_qlae.networks import style_image_decoder
from keras_qlae.networks.sizes import SIZES
from keras_qlae.optimizers import Cooldown
from keras_qlae.optimizers import RegularizedAdamW


def _setting(default: Any, help: str) -> Any:
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run but data set, seed and backend.

    Every field is an option of `keras-qlae train`; its help is the text that
    stands there.

    Attributes:
        name: Name of the recipe.
        summary: One line on what it is for.
    """

    name: str
    summary: str
    latent: str = _setting(
        "scalar_codebook",
        "Latent space: scalar_codebook (QLAE) or continuous (plain AE).",
    )
    image_size: int = _setting(64, "Height and width of the images.")
    network: str = _setting(
        "large",
        "Size of encoder and decoder: large, small (the paper's), tiny.",
    )
    decoder: str = _setting("style", "Kind of decoder: style or plain.")
    num_latents: int = _setting(
        0, "Number of latents; 0 means twice the number of factors."
    )
    num_values: int = _setting(10, "Values in every latent's codebook.")
    shared_codebook: bool = _setting(
        False, "Whether all latents share one codebook (an ablation)."
    )
    trainable_codebook: bool = _setting(
        True, "Whether the codebooks are learned."
    )
    quantization_weight: float = _setting(
        0.01, "Weight of the loss that moves the codebooks."
    )
    commitment_weight: float = _setting(
        0.01, "Weight of the loss that keeps latents near their codebook."
    )
    steps: int = _setting(200_000, "Optimizer steps of the encoder.")
    batch_size: int = _setting(128, "Images in a batch.")
    learning_rate: float = _setting(1e-3, "Learning rate (its peak).")
    schedule: str = _setting(
        "constant",
        "Learning rate over time: constant, or cooldown (to 0 in the last "
        "fifth).",
    )
    weight_decay: float = _setting(
        0.1, "Weight decay: the higher, the more disentangled."
    )
    clip: float = _setting(1.0, "Gradients are clipped to [-clip, clip].")
    steps_per_epoch: int = _setting(
        1000, "Steps from one scoring and checkpoint to the next."
    )
    score_every: int = _setting(1, "Epochs from one InfoMEC to the next.")
    num_scored: int = _setting(10_000, "Held-out images that are scored.")

    def override(self, **values: Any) -> "Recipe":
        """A copy with other values, checked.

        Raises:
            ValueError: An unknown setting, or a value out of range.
        """
        known = settings()
        for name in values:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(
                    f"A recipe has no setting of this name.{hint} Settings: "
                    f"{', '.join(known)}. Received: {name!r}"
                )
        recipe = dataclasses.replace(self, **values)
        _check(recipe)
        return recipe

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as plain values, without name and summary."""
        return {name: getattr(self, name) for name in settings()}


def settings() -> dict[str, dataclasses.Field[Any]]:
    """The fields of a recipe that can be set, by name."""
    return {
        field.name: field
        for field in dataclasses.fields(Recipe)
        if field.name not in ("name", "summary")
    }


_CPU: dict[str, Any] = {
    "image_size": 32,
    "network": "tiny",
    "steps": 12_000,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "schedule": "cooldown",
    "weight_decay": 0.3,
}

_RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "qlae",
            "QLAE for a CPU: 32x32 images, a small network, minutes.",
            **_CPU,
        ),
        Recipe(
            "ae",
            "The network of `qlae` with continuous latents and no decay.",
            **{**_CPU, "latent": "continuous", "weight_decay": 0.0},
        ),
        Recipe("qlae-paper", "QLAE as in the paper; wants a GPU."),
        Recipe(
            "ae-paper",
            "The plain autoencoder as in the paper; wants a GPU.",
            latent="continuous",
            weight_decay=1e-3,
        ),
    )
}

# Where the paper's settings differ from data set to data set.
_FOR_DATASET: dict[tuple[str, str], dict[str, Any]] = {
    ("qlae-paper", dataset): {"weight_decay": 1e-3}
    for dataset in ("mpi3d", "mpi3d_toy", "mpi3d_realistic", "mpi3d_real")
}


def available() -> tuple[str, ...]:
    """The names that `get` knows."""
    return tuple(_RECIPES)


def get(name: str, dataset: str = "", **overrides: Any) -> Recipe:
    """A recipe by name, with other values where wanted.

    Args:
        name: One of `available()`.
        dataset: Name of the data set to train on: the paper has settings of
            its own for some. Defaults to those for the others.
        **overrides: Settings in place of the recipe's own.

    Returns:
        The recipe.

    Raises:
        ValueError: An unknown recipe or setting, or a value out of range.

    Example:
        >>> get("qlae", weight_decay=0.1).weight_decay
        0.1
    """
    if name not in _RECIPES:
        raise ValueError(
            "There is no recipe of this name. Available: "
            f"{', '.join(available())}. Received: recipe={name!r}"
        )
    settings_there = _FOR_DATASET.get((name, dataset), {})
    return _RECIPES[name].override(**settings_there | overrides)


def compiled_model(
    recipe: Recipe,
    image_shape: tuple[int, int, int],
    num_factors: int,
    seed: int = 0,
    precision: str | None = None,
    jit_compile: bool | str = "auto",
) -> Autoencoder:
    """Builds and compiles the model of a recipe.

    Args:
        recipe: The recipe.
        image_shape: `(height, width, channels)` of the images.
        num_factors: Number of factors of the data set, which sets the number
            of latents unless the recipe does.
        seed: Integer: initial weights and samples.
        precision: Dtype policy of the layers. Defaults to the global one.
        jit_compile: As in `keras.Model.compile`.

    Returns:
        A compiled `Autoencoder`.

    Raises:
        ValueError: Images that the network cannot take.
    """
    latent = _LATENTS[recipe.latent](
        recipe, recipe.num_latents or 2 * num_factors, precision
    )
    encoder = image_encoder(
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
    model = Autoencoder(encoder, latent, decoder, seed=seed, dtype=precision)
    optimizer = RegularizedAdamW(
        _learning_rate(recipe),
        weight_decay=recipe.weight_decay,
        clip=recipe.clip,
    )
    model.compile(optimizer, jit_compile=jit_compile)
    return model


def _learning_rate(recipe: Recipe) -> Any:
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return Cooldown(recipe.learning_rate, recipe.steps)


def _scalar_codebook(recipe: Recipe, num_latents: int, dtype: Any) -> Latent:
    return ScalarCodebookQuantizer(
        num_latents,
        recipe.num_values,
        shared=recipe.shared_codebook,
        trainable_codebook=recipe.trainable_codebook,
        quantization_weight=recipe.quantization_weight,
        commitment_weight=recipe.commitment_weight,
        dtype=dtype,
    )


def _continuous(recipe: Recipe, num_latents: int, dtype: Any) -> Latent:
    return ContinuousLatent(num_latents, dtype=dtype)


_LATENTS: dict[str, Callable[[Recipe, int, Any], Latent]] = {
    "scalar_codebook": _scalar_codebook,
    "continuous": _continuous,
}
_DECODERS = {"style": style_image_decoder, "plain": image_decoder}
CHOICES = {
    "latent": tuple(_LATENTS),
    "decoder": tuple(_DECODERS),
    "network": tuple(SIZES),
    "schedule": ("constant", "cooldown"),
}
_AT_LEAST = {
    "image_size": 8,
    "num_latents": 0,
    "num_values": 2,
    "steps": 1,
    "batch_size": 1,
    "weight_decay": 0,
    "quantization_weight": 0,
    "commitment_weight": 0,
    "steps_per_epoch": 1,
    "score_every": 1,
    "num_scored": 2,
}


def _check(recipe: Recipe) -> None:
    for name, choices in CHOICES.items():
        if getattr(recipe, name) not in choices:
            raise ValueError(
                f"`{name}` must be one of {', '.join(choices)}. "
                f"Received: {name}={getattr(recipe, name)!r}"
            )
    for name, low in _AT_LEAST.items():
        if not getattr(recipe, name) >= low:
            raise ValueError(
                f"`{name}` must be at least {low}. "
                f"Received: {name}={getattr(recipe, name)!r}"
            )
    for name in ("learning_rate", "clip"):
        if not getattr(recipe, name) > 0:
            raise ValueError(
                f"`{name}` must be positive. "
                f"Received: {name}={getattr(recipe, name)!r}"
            )
