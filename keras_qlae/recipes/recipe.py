"""What a recipe is: settings, what they mean and what they may be."""

import dataclasses
import difflib
from typing import Any

from keras_qlae.networks.sizes import SIZES


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
    model: str = _setting(
        "autoencoder", "What is trained: autoencoder or info_wgan_gp (a GAN)."
    )
    latent: str = _setting(
        "scalar_codebook",
        "Latent space: scalar_codebook (QLAE), continuous (plain AE), uniform "
        "(InfoGAN), gaussian (beta-VAE), total_correlation (beta-TCVAE), bio "
        "(BioAE), vector (VQ-VAE) or finite_scalar (FSQ).",
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
    num_values: int = _setting(
        10,
        "Values in every latent's codebook (scalar_codebook, finite_scalar).",
    )
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
    kl_weight: float = _setting(
        1.0, "gaussian: weight of the KL divergence, the beta."
    )
    total_correlation_weight: float = _setting(
        1.0, "total_correlation: weight of the total correlation, the beta."
    )
    nonnegativity_weight: float = _setting(
        1.0, "bio: weight of the loss on negative latents."
    )
    activity_weight: float = _setting(
        0.01, "bio: weight of the loss on the latents' squares."
    )
    num_embeddings: int = _setting(512, "vector: vectors in the table.")
    embedding_dim: int = _setting(64, "vector: width of each.")
    latent_weight: float = _setting(
        200.0, "GAN: weight of recovering the latents of a generated image."
    )
    gradient_weight: float = _setting(
        10.0, "GAN: weight of the critic's gradient penalty."
    )
    generator_period: int = _setting(
        1, "GAN: steps of encoder and critic to one of the generator."
    )
    steps: int = _setting(200_000, "Optimizer steps of the encoder.")
    batch_size: int = _setting(128, "Images in a step.")
    learning_rate: float = _setting(1e-3, "Learning rate (its peak).")
    schedule: str = _setting(
        "constant",
        "Learning rate over time: constant, or cooldown (to 0 in the last "
        "fifth).",
    )
    beta_1: float = _setting(0.9, "Decay of the optimizer's first moment.")
    beta_2: float = _setting(0.999, "Decay of its second moment.")
    weight_decay: float = _setting(
        0.1, "Weight decay: the higher, the more disentangled."
    )
    clip: float = _setting(1.0, "Gradients are clipped to [-clip, clip].")
    steps_per_epoch: int = _setting(
        1000, "Steps from one scoring and checkpoint to the next."
    )
    score_every: int = _setting(1, "Epochs from one InfoMEC to the next.")
    num_scored: int = _setting(
        10_000, "Images that are scored, at most a fifth of the data set."
    )
    protocol: str = _setting(
        "held_out",
        "Scored are held_out images, or as in the paper images that are "
        "trained on too: paper.",
    )

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


CHOICES = {
    "model": ("autoencoder", "info_wgan_gp"),
    "latent": (
        "scalar_codebook",
        "continuous",
        "uniform",
        "gaussian",
        "total_correlation",
        "bio",
        "vector",
        "finite_scalar",
    ),
    "decoder": ("style", "plain"),
    "network": tuple(SIZES),
    "schedule": ("constant", "cooldown"),
    "protocol": ("held_out", "paper"),
}
_AT_LEAST = {
    "image_size": 8,
    "num_latents": 0,
    "num_values": 2,
    "num_embeddings": 2,
    "embedding_dim": 1,
    "steps": 1,
    "batch_size": 1,
    "beta_1": 0,
    "beta_2": 0,
    "weight_decay": 0,
    "quantization_weight": 0,
    "commitment_weight": 0,
    "latent_weight": 0,
    "gradient_weight": 0,
    "generator_period": 1,
    "steps_per_epoch": 1,
    "score_every": 1,
    "num_scored": 2,
}
_NO_LOSS = "; to do without, choose the latent continuous"
_POSITIVE = {
    "learning_rate": "",
    "clip": "",
    "kl_weight": _NO_LOSS,
    "total_correlation_weight": ", 1 in a plain VAE",
    "nonnegativity_weight": _NO_LOSS,
    "activity_weight": _NO_LOSS,
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
    for name, advice in _POSITIVE.items():
        if not getattr(recipe, name) > 0:
            raise ValueError(
                f"`{name}` must be positive{advice}. "
                f"Received: {name}={getattr(recipe, name)!r}"
            )
    _check_period(recipe)


def _check_period(recipe: Recipe) -> None:
    period = recipe.generator_period
    if period > 1 and recipe.model == "autoencoder":
        raise ValueError(
            "`generator_period` belongs to the GAN: an autoencoder has no "
            f"generator. Received: generator_period={period}"
        )
    for name in ("steps", "steps_per_epoch"):
        value = getattr(recipe, name)
        if value % period:
            raise ValueError(
                f"`{name}` must be a multiple of `generator_period`, so that "
                "it ends with a step of the generator: for example "
                f"{value + period - value % period}. "
                f"Received: {name}={value}, generator_period={period}"
            )
