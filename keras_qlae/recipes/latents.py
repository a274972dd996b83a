"""The latent spaces by the name they have in a recipe."""

from typing import Any

from keras_qlae import layers
from keras_qlae.layers import Latent
from keras_qlae.recipes.recipe import Recipe

# The class, and its arguments besides `num_latents` and `dtype`: a setting of
# the recipe each, or an argument of `built_latent`.
_LATENTS: dict[str, tuple[type[Latent], tuple[str, ...]]] = {
    "scalar_codebook": (
        layers.ScalarCodebookQuantizer,
        (
            "num_values",
            "shared",
            "trainable_codebook",
            "quantization_weight",
            "commitment_weight",
        ),
    ),
    "continuous": (layers.ContinuousLatent, ()),
    "uniform": (layers.UniformLatent, ()),
    "gaussian": (
        layers.GaussianLatent,
        ("num_pixel_values", "kl_weight", "seed"),
    ),
    "total_correlation": (
        layers.TotalCorrelationLatent,
        (
            "num_pixel_values",
            "num_examples",
            "total_correlation_weight",
            "seed",
        ),
    ),
    "bio": (layers.BioLatent, ("nonnegativity_weight", "activity_weight")),
    "vector": (
        layers.VectorQuantizer,
        (
            "num_embeddings",
            "embedding_dim",
            "quantization_weight",
            "commitment_weight",
            "seed",
        ),
    ),
    "finite_scalar": (layers.FiniteScalarQuantizer, ("num_values",)),
}


def built_latent(
    recipe: Recipe,
    num_latents: int,
    num_pixel_values: int,
    num_examples: int | None,
    seed: int,
    dtype: Any,
) -> Latent:
    """The latent space of a recipe.

    Args:
        recipe: The recipe.
        num_latents: Number of latents.
        num_pixel_values: Height times width times channels of the images.
        num_examples: Images in the training set; `None` if not known.
        seed: Integer: initial weights and noise.
        dtype: Dtype policy of the layer; `None` for the global one.

    Raises:
        ValueError: A latent that needs `num_examples`, without.
    """
    kind, names = _LATENTS[recipe.latent]
    if "num_examples" in names and num_examples is None:
        raise ValueError(
            f"The latent {recipe.latent} is estimated with the size of the "
            "training set: pass `num_examples`. Received: num_examples=None"
        )
    values = {
        **recipe.to_dict(),
        "shared": recipe.shared_codebook,
        "num_pixel_values": num_pixel_values,
        "num_examples": num_examples,
        "seed": seed,
    }
    arguments = {name: values[name] for name in names}
    return kind(num_latents, dtype=dtype, **arguments)
