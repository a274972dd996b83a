"""The recipes by name."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_qlae.hints import UnknownNameError
from keras_qlae.hints import hint
from keras_qlae.recipes.names import check_names
from keras_qlae.recipes.recipe import Recipe
from keras_qlae.recipes.recipe import start


class _Named(NamedTuple):
    """A recipe in the table of this file, as `Recipe.override` takes it."""

    summary: str
    values: dict[str, Any]


_PAPER: dict[str, Any] = {
    "model": "Autoencoder",
    "encoder": "image_encoder",
    "decoder": "style_image_decoder",
    "latent": "ScalarCodebookQuantizer",
    "optimizer": "RegularizedAdamW",
    "learning_rate": 1e-3,
    "weight_decay": 0.1,
    "clip": 1.0,
}
_ON_CPU: dict[str, Any] = {
    "image_size": 32,
    "size": "tiny",
    "steps": 12_000,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "schedule": "Cooldown",
}
_CPU: dict[str, Any] = {
    **_PAPER,
    **_ON_CPU,
    "weight_decay": 0.3,
    "steps": 20_000,
}
# Fewer values than the paper's 10, and one codebook for all latents, raised
# InfoM most: benchmarks/README.md, "The recipe `qlae` on room3d".
_QLAE: dict[str, Any] = {"num_values": 7, "shared": True}
_GAN: dict[str, Any] = {
    **_PAPER,
    "model": "InfoWGANGP",
    "encoder": "image_trunk",
    "learning_rate": 2e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "generator_period": 5,
    # Each step is five updates of the critic and one of the generator.
    "steps": 40_000,
    "batch_size": 5 * 64,
    "steps_per_epoch": 200,
}
_GAN_CPU: dict[str, Any] = {
    **_GAN,
    **_ON_CPU,
    "learning_rate": 1e-3,
    "generator_period": 2,
    "steps": 12_000,
    "batch_size": 2 * 32,
    "steps_per_epoch": 750,
    "latent_weight": 20.0,
    "weight_decay": 0.1,
}
# The baselines, with the paper's weights for 3D Shapes. Weights of the small
# network are the best of four in benchmarks/README.md, "Tuning".
_BETA_VAE: dict[str, Any] = {
    "latent": "GaussianLatent",
    "kl_weight": 3.0,
    "weight_decay": 0.0,
}
_BETA_TCVAE: dict[str, Any] = {
    "latent": "TotalCorrelationLatent",
    "total_correlation_weight": 3.0,
    "weight_decay": 0.0,
}
_BIO_AE: dict[str, Any] = {
    "latent": "BioLatent",
    "nonnegativity_weight": 1.0,
    "activity_weight": 0.01,
    "weight_decay": 1e-4,
}
_VQ_VAE: dict[str, Any] = {
    "latent": "VectorQuantizer",
    "quantization_weight": 1.0,
    "commitment_weight": 0.25,
    "weight_decay": 0.01,
}
_FACTOR_VAE: dict[str, Any] = {
    "model": "FactorVAE",
    "latent": "GaussianLatent",
    "weight_decay": 0.0,
}
# Half of the images of a step are for the discriminator.
_DISCRIMINATOR_CPU: dict[str, Any] = {
    "batch_size": 2 * 32,
    "discriminator_units": [256, 256, 256],
}
_FACTOR_QVAE: dict[str, Any] = {
    "model": "FactorVAE",
    "likelihood": "gaussian",
    "latent": "GumbelCodebookQuantizer",
    "num_values": 64,
    "weight_decay": 0.0,
}
_PIXEL_VALUES = 64 * 64 * 3  # the authors do not divide the total correlation


def _factor_qvae(kl: float, total_correlation: float) -> dict[str, Any]:
    """The weights of the authors' code in the units of this package."""
    return {
        "kl_weight": kl,
        "total_correlation_weight": total_correlation * _PIXEL_VALUES,
    }


_FACTOR_QVAE_PAPER: dict[str, Any] = {
    **_PAPER,
    **_FACTOR_QVAE,
    "encoder": "dvae_image_encoder",
    "decoder": "dvae_image_decoder",
    "clip": None,
    "schedule": "Cosine",
    "final": 1.25e-6,
    "discriminator_units": [1000] * 5,
    "cooling_rate": 1e-5,
    "steps": 50_000,
    "batch_size": 2 * 256,
    **_factor_qvae(1e-3, 1e-4),
}
_VECTORS: dict[str, Any] = {
    **_PAPER,
    "encoder": "vector_encoder",
    "decoder": "vector_decoder",
    "likelihood": "gaussian",
    "weight_decay": 1.0,
    "steps": 3_000,
    "batch_size": 128,
    "steps_per_epoch": 500,
    "schedule": "Cooldown",
}
_FSQ: dict[str, Any] = {"latent": "FiniteScalarQuantizer", "num_values": 12}
_AE: dict[str, Any] = {"latent": "ContinuousLatent"}
_UNIFORM: dict[str, Any] = {"latent": "UniformLatent"}
_TAPS = ("cond", "block0", "block1", "block2")


def _tripod(
    total_correlation: float, hessian: float, taps: Sequence[str] = _TAPS
) -> dict[str, Any]:
    """Tripod's penalties with these weights."""
    return {
        "penalties": {
            "KernelTotalCorrelation": {"weight": total_correlation},
            "HessianPenalty": {"weight": hessian, "taps": list(taps)},
        }
    }


_TRIPOD: dict[str, Any] = {
    **_PAPER,
    "encoder": "residual_image_encoder",
    "decoder": "residual_image_decoder",
    "latent": "FiniteScalarQuantizer",
    "num_values": 12,
    "learning_rate": 2e-4,
    "weight_decay": 0.0,
    "unregularized": [],  # so that all gradients are clipped, as in their code
    "steps": 250_000,
    "batch_size": 64,
    **_tripod(1e-4, 1e-2),
}
_TRIPOD_CPU: dict[str, Any] = {
    **_TRIPOD,
    **_ON_CPU,
    "learning_rate": 1e-3,
    # The small decoder has one stage fewer.
    **_tripod(1e-4, 1e-2, taps=_TAPS[:-1]),
}

_RECIPES = {
    "qlae": _Named(
        "QLAE for a CPU: small images, a small network, minutes.",
        _CPU | _QLAE,
    ),
    "ae": _Named(
        "The network of `qlae` with continuous latents and no decay.",
        _CPU | _AE | {"weight_decay": 0.0},
    ),
    "ql-info-wgan-gp": _Named(
        "QLInfoWGAN-GP for a CPU: a GAN with quantized latents, minutes.",
        # Faster codebooks contract: benchmarks/README.md, "Why codebooks
        # of the GAN fall together".
        _GAN_CPU | {"codebook_rate": 0.03},
    ),
    "info-wgan-gp": _Named(
        "The same GAN with continuous latents, uniform on [0, 1].",
        _GAN_CPU | _UNIFORM,
    ),
    "beta-vae": _Named(
        "beta-VAE with the network of `qlae`.",
        _CPU | _BETA_VAE | {"kl_weight": 0.3},
    ),
    "beta-tcvae": _Named(
        "beta-TCVAE with the network of `qlae`.",
        _CPU | _BETA_TCVAE | {"total_correlation_weight": 0.3},
    ),
    "factor-vae": _Named(
        "FactorVAE with the network of `qlae`, and a small discriminator.",
        _CPU
        | _FACTOR_VAE
        | _DISCRIMINATOR_CPU
        | {"kl_weight": 0.3, "total_correlation_weight": 3.0},
    ),
    "factor-qvae": _Named(
        "FactorQVAE with the network of `qlae`: one soft codebook for all.",
        _CPU
        | _FACTOR_QVAE
        | _DISCRIMINATOR_CPU
        # The authors' weights, for images of 32x32, and their last
        # temperature, exp(-1), after fewer steps.
        | {
            "kl_weight": 1e-3,
            "total_correlation_weight": 0.3,
            "cooling_rate": 4e-5,
        },
    ),
    "bio-ae": _Named(
        "BioAE with the network of `qlae`.",
        _CPU | _BIO_AE | {"weight_decay": 0.1},
    ),
    "vq-vae": _Named(
        "VQ-VAE with the network of `qlae`.",
        _CPU | _VQ_VAE | {"weight_decay": 0.3},
    ),
    "fsq": _Named(
        "`qlae` with a fixed grid in place of the learned codebooks.",
        _CPU | _FSQ | {"weight_decay": 0.1},
    ),
    "tripod": _Named(
        "Tripod for a CPU: `fsq` with two penalties on residual networks.",
        _TRIPOD_CPU,
    ),
    "qlae-vectors": _Named(
        "QLAE of vectors, data that are not images; for a CPU, a minute.",
        _VECTORS,
    ),
    "ae-vectors": _Named(
        "The networks of `qlae-vectors` with continuous latents, no decay.",
        _VECTORS | _AE | {"weight_decay": 0.0},
    ),
    "qlae-paper": _Named("QLAE as in the paper; for a GPU.", _PAPER),
    "ae-paper": _Named(
        "The plain autoencoder as in the paper; for a GPU.",
        _PAPER | _AE | {"weight_decay": 1e-3},
    ),
    "beta-vae-paper": _Named(
        "beta-VAE as in the paper; for a GPU.", _PAPER | _BETA_VAE
    ),
    "beta-tcvae-paper": _Named(
        "beta-TCVAE as in the paper; for a GPU.", _PAPER | _BETA_TCVAE
    ),
    "bio-ae-paper": _Named(
        "BioAE as in the paper; for a GPU.", _PAPER | _BIO_AE
    ),
    "vq-vae-paper": _Named(
        "VQ-VAE as in the paper; for a GPU.", _PAPER | _VQ_VAE
    ),
    "fsq-paper": _Named(
        "`qlae-paper` with a fixed grid in place of the codebooks; wants a "
        "GPU.",
        _PAPER | _FSQ,
    ),
    "factor-qvae-paper": _Named(
        "FactorQVAE as in its own paper; for a GPU.", _FACTOR_QVAE_PAPER
    ),
    "tripod-paper": _Named("Tripod as in its own paper; for a GPU.", _TRIPOD),
    "ql-info-wgan-gp-paper": _Named(
        "QLInfoWGAN-GP as in the paper; for a GPU.",
        _GAN | {"weight_decay": 1e-3},
    ),
    "info-wgan-gp-paper": _Named(
        "InfoWGAN-GP as in the paper; for a GPU.",
        _GAN | _UNIFORM | {"weight_decay": 1e-4},
    ),
}

# Settings of a paper that differ between data sets.
_MPI3D = ("mpi3d", "mpi3d_toy", "mpi3d_realistic", "mpi3d_real")
_FOR_DATASET: dict[tuple[str, str], dict[str, Any]] = {
    ("ql-info-wgan-gp-paper", "falcor3d"): {"weight_decay": 1e-4},
    ("beta-vae-paper", "falcor3d"): {"kl_weight": 10.0},
    ("beta-vae-paper", "isaac3d"): {"kl_weight": 0.3},
    ("beta-tcvae-paper", "isaac3d"): {"total_correlation_weight": 1.0},
    ("bio-ae-paper", "isaac3d"): {"activity_weight": 0.1},
    ("factor-qvae-paper", "isaac3d"): _factor_qvae(5e-5, 5e-5),
    ("tripod-paper", "falcor3d"): _tripod(1e-10, 1e-2),
    ("tripod-paper", "isaac3d"): _tripod(1e-4, 1e-8),
}
for _dataset in _MPI3D:
    _FOR_DATASET |= {
        ("qlae-paper", _dataset): {"weight_decay": 1e-3},
        ("beta-vae-paper", _dataset): {"kl_weight": 0.1},
        ("beta-tcvae-paper", _dataset): {"total_correlation_weight": 0.3},
        ("factor-qvae-paper", _dataset): _factor_qvae(5e-5, 1e-6),
        ("tripod-paper", _dataset): _tripod(1e-8, 1e-4),
    }


def available() -> tuple[str, ...]:
    """The names of all recipes."""
    return tuple(_RECIPES)


def summary(name: str) -> str:
    """Describes a recipe in one line.

    Raises:
        ValueError: No recipe has this name.
    """
    return _named(name).summary


def get(
    name: str,
    dataset: str = "",
    values: Mapping[str, Any] | None = None,
    /,
    **more: Any,
) -> Recipe:
    """Returns a recipe by name, with optional changes.

    Args:
        name: One of `available()`.
        dataset: Name of the data set to train on, since the paper has special
            settings for some. Defaults to the general settings.
        values: Parts and values in place of the recipe's own, as in
            `Recipe.override`.
        **more: The same as keyword arguments.

    Returns:
        The recipe.

    Raises:
        ValueError: A recipe, part or setting is unknown, or a value is out of
            range.

    Example:
        >>> get("qlae", weight_decay=0.1).value("weight_decay")
        0.1
    """
    found = _named(name)
    given = {**(values or {}), **more}
    check_names(given)
    there = _FOR_DATASET.get((name, dataset), {})
    recipe = start(name, found.summary, found.values | there)
    return recipe.override(given) if given else recipe


def _named(name: str) -> _Named:
    if name not in _RECIPES:
        raise UnknownNameError(
            f"There is no recipe of this name.{hint(name, _RECIPES)} "
            f"Available: {', '.join(available())}. Received: recipe={name!r}"
        )
    return _RECIPES[name]
