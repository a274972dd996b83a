"""The recipes by name."""

from typing import Any

from keras_qlae.recipes.recipe import Recipe

_CPU: dict[str, Any] = {
    "image_size": 32,
    "network": "tiny",
    "steps": 12_000,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "schedule": "cooldown",
    "weight_decay": 0.3,
}
_GAN: dict[str, Any] = {
    "model": "info_wgan_gp",
    "batch_size": 64,
    "learning_rate": 2e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "generator_period": 5,
}
_GAN_CPU: dict[str, Any] = {
    **_GAN,
    "image_size": 32,
    "network": "tiny",
    "steps": 12_000,
    "batch_size": 32,
    "learning_rate": 1e-3,
    "schedule": "cooldown",
    "generator_period": 2,
    "latent_weight": 20.0,
    "weight_decay": 0.1,
    "steps_per_epoch": 1500,
}
# What the baselines are, with the paper's weights for 3D Shapes. Those of the
# small network are the best of four in benchmarks/README.md, "Tuning".
_BETA_VAE: dict[str, Any] = {
    "latent": "gaussian",
    "kl_weight": 3.0,
    "weight_decay": 0.0,
}
_BETA_TCVAE: dict[str, Any] = {
    "latent": "total_correlation",
    "total_correlation_weight": 3.0,
    "weight_decay": 0.0,
}
_BIO_AE: dict[str, Any] = {
    "latent": "bio",
    "nonnegativity_weight": 1.0,
    "activity_weight": 0.01,
    "weight_decay": 1e-4,
}
_VQ_VAE: dict[str, Any] = {
    "latent": "vector",
    "quantization_weight": 1.0,
    "commitment_weight": 0.25,
    "weight_decay": 0.01,
}
_FSQ: dict[str, Any] = {"latent": "finite_scalar", "num_values": 12}

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
        Recipe(
            "ql-info-wgan-gp",
            "QLInfoWGAN-GP for a CPU: a GAN with quantized latents, minutes.",
            **_GAN_CPU,
            trainable_codebook=False,
            quantization_weight=0.0,
        ),
        Recipe(
            "info-wgan-gp",
            "The same GAN with continuous latents, uniform on [0, 1].",
            **_GAN_CPU,
            latent="uniform",
        ),
        Recipe(
            "beta-vae",
            "beta-VAE with the network of `qlae`.",
            **_CPU | _BETA_VAE | {"kl_weight": 0.3},
        ),
        Recipe(
            "beta-tcvae",
            "beta-TCVAE with the network of `qlae`.",
            **_CPU | _BETA_TCVAE | {"total_correlation_weight": 0.3},
        ),
        Recipe(
            "bio-ae",
            "BioAE with the network of `qlae`.",
            **_CPU | _BIO_AE | {"weight_decay": 0.1},
        ),
        Recipe(
            "vq-vae",
            "VQ-VAE with the network of `qlae`.",
            **_CPU | _VQ_VAE | {"weight_decay": 0.3},
        ),
        Recipe(
            "fsq",
            "`qlae` with a fixed grid in place of the learned codebooks.",
            **_CPU | _FSQ | {"weight_decay": 0.1},
        ),
        Recipe("qlae-paper", "QLAE as in the paper; wants a GPU."),
        Recipe(
            "ae-paper",
            "The plain autoencoder as in the paper; wants a GPU.",
            latent="continuous",
            weight_decay=1e-3,
        ),
        Recipe(
            "beta-vae-paper",
            "beta-VAE as in the paper; wants a GPU.",
            **_BETA_VAE,
        ),
        Recipe(
            "beta-tcvae-paper",
            "beta-TCVAE as in the paper; wants a GPU.",
            **_BETA_TCVAE,
        ),
        Recipe(
            "bio-ae-paper",
            "BioAE as in the paper; wants a GPU.",
            **_BIO_AE,
        ),
        Recipe(
            "vq-vae-paper",
            "VQ-VAE as in the paper; wants a GPU.",
            **_VQ_VAE,
        ),
        Recipe(
            "fsq-paper",
            "`qlae-paper` with a fixed grid in place of the codebooks; wants "
            "a GPU.",
            **_FSQ,
        ),
        Recipe(
            "ql-info-wgan-gp-paper",
            "QLInfoWGAN-GP as in the paper; wants a GPU.",
            **_GAN,
            weight_decay=1e-3,
        ),
        Recipe(
            "info-wgan-gp-paper",
            "InfoWGAN-GP as in the paper; wants a GPU.",
            **_GAN,
            latent="uniform",
            weight_decay=1e-4,
        ),
    )
}

# Where the paper's settings differ from data set to data set.
_MPI3D = ("mpi3d", "mpi3d_toy", "mpi3d_realistic", "mpi3d_real")
_FOR_DATASET: dict[tuple[str, str], dict[str, Any]] = {
    ("ql-info-wgan-gp-paper", "falcor3d"): {"weight_decay": 1e-4},
    ("beta-vae-paper", "falcor3d"): {"kl_weight": 10.0},
    ("beta-vae-paper", "isaac3d"): {"kl_weight": 0.3},
    ("beta-tcvae-paper", "isaac3d"): {"total_correlation_weight": 1.0},
    ("bio-ae-paper", "isaac3d"): {"activity_weight": 0.1},
}
for _dataset in _MPI3D:
    _FOR_DATASET |= {
        ("qlae-paper", _dataset): {"weight_decay": 1e-3},
        ("beta-vae-paper", _dataset): {"kl_weight": 0.1},
        ("beta-tcvae-paper", _dataset): {"total_correlation_weight": 0.3},
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
