"""Estimates the memory that a model needs, before it is built."""

import math
import os
from typing import Any

from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.recipe import Recipe

_BYTES = 4  # of a float32
_COPIES = 4  # a weight, its gradient and the optimizer's two moments
_MAPS = 16 * 3  # channels of a first map, and what backpropagation keeps
_SCORED = 10_000  # scored images: of more there may be fewer in the data
_MOST_VALUES = 100_000  # a run records all codebooks of scalars each epoch
_UNITS = 128  # least width of the dense layer next to the latents


def check_memory(
    recipe: Recipe, latent: Any, image_shape: tuple[int, ...]
) -> None:
    """Raises `SettingError` unless a model fits into this machine's memory.

    The estimate is a lower bound, to find unreasonable settings: a model that
    passes may still be too large. The message names what needs most. Codebooks
    of scalars have a limit of their own, 100,000 values in all, since a run
    records them after every epoch.
    """
    batch = recipe.training.batch_size
    sizes = getattr(latent, "codebook_sizes", (0,))
    table = sum(sizes)
    if hasattr(latent, "embedding_dim"):
        table = sizes[0] * latent.embedding_dim
    needs = {
        "images": batch * math.prod(image_shape[:2]) * _MAPS,
        "distances to codebooks": 2 * batch * len(sizes) * max(sizes),
        "codebooks": _COPIES * table,
        "the layers next to the latents": _COPIES
        * _UNITS
        * (latent.num_inputs + latent.num_outputs),
        # Encoded, and their codes, as indices and as values.
        "the latents of the scored images": min(
            recipe.scoring.num_scored, _SCORED
        )
        * (latent.num_inputs + 2 * latent.num_latents),
    }
    needed = _BYTES * sum(needs.values())
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        largest = max(needs, key=lambda name: needs[name])
        raise SettingError(
            f"The model needs at least {needed / 1e9:,.0f} GB of memory, and "
            f"this machine has {there / 1e9:,.0f} GB. Most of it is for "
            f"{largest}: lower `image_size`, `batch_size`, or the number or "
            "the sizes of the latents. Received: "
            f"image_shape={image_shape}, batch_size={batch}, "
            f"num_latents={latent.num_latents}, codebooks of {max(sizes):,}",
            "latent",
        )
    if hasattr(latent, "codebooks") and table > _MOST_VALUES:
        raise SettingError(
            "The codebooks of all latents may have at most "
            f"{_MOST_VALUES:,} values together, since a run records them "
            "after every epoch: lower `num_values`. Received: "
            f"num_latents={latent.num_latents}, codebooks of {max(sizes):,}, "
            f"together {table:,}",
            "num_values",
        )
