"""How many of its codes each latent uses in training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import finite_array
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import MUTED
from keras_qlae.figures.style import latent_name
from keras_qlae.figures.style import own_style
from keras_qlae.figures.style import small_multiples

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@own_style()
def code_usage(
    steps: npt.ArrayLike,
    perplexity: npt.ArrayLike,
    num_dead: npt.ArrayLike,
    codebook_sizes: npt.ArrayLike,
    *,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    step_name: str = "Step",
) -> "Figure":
    """Shows how many of its codes each latent uses in training.

    There is one panel per latent. The dotted line is the size of its codebook,
    the thin line the number of codes that occur. The blue line is their
    perplexity: the number of equally frequent codes with the same entropy.

    Args:
        steps: Shape `(num_epochs,)`: the step, or epoch, of each row.
        perplexity: Shape `(num_epochs, num_latents)`.
        num_dead: The same shape: how many codes do not occur.
        codebook_sizes: Shape `(num_latents,)`.
        is_active: One boolean per latent; inactive latents are named in red.
            By default all are active.
        step_name: What `steps` counts. Defaults to `"Step"`.

    Returns:
        A Matplotlib figure with one axes per latent.

    Raises:
        ValueError: If a shape is wrong or a value is not finite.
    """
    at = finite_array(steps, "steps", "(num_epochs,)")
    even = finite_array(perplexity, "perplexity", "(num_epochs, num_latents)")
    dead = finite_array(num_dead, "num_dead", "(num_epochs, num_latents)")
    sizes = finite_array(codebook_sizes, "codebook_sizes", "(num_latents,)")
    if not even.shape == dead.shape == (len(at), len(sizes)):
        raise ValueError(
            "`perplexity` and `num_dead` must have one row for each of "
            "`steps` and one column for each of `codebook_sizes`. Received: "
            f"shapes {even.shape} and {dead.shape}, {len(at)} steps, "
            f"{len(sizes)} codebook sizes"
        )
    mask = active_mask(is_active, len(sizes))
    figure, panels = small_multiples(
        len(sizes), 2.0, 1.6, sharex=True, sharey=bool(np.ptp(sizes) == 0)
    )
    marker = "o" if len(at) == 1 else ""
    for latent, axes in enumerate(panels):
        size = sizes[latent]
        axes.axhline(size, color=MUTED, linewidth=0.8, linestyle=":")
        axes.plot(
            at, size - dead[:, latent], color=INK, linewidth=0.7, marker=marker
        )
        axes.plot(at, even[:, latent], color=BLUE, marker=marker)
        axes.set_ylim(0, 1.08 * size)
        axes.set_title(**latent_name(latent, mask[latent]))
    figure.supxlabel(step_name, fontsize=10)
    figure.supylabel("Codes: perplexity (blue), in use (black)", fontsize=10)
    return figure
