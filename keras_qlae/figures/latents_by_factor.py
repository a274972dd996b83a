"""The values of latents for each value of a factor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keras_qlae.figures.checks import active_mask
from keras_qlae.figures.checks import finite_array
from keras_qlae.figures.style import BLUE
from keras_qlae.figures.style import latent_name
from keras_qlae.figures.style import new_figure
from keras_qlae.figures.style import own_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST = 30.0  # inches: more panels are smaller
# At this width (inches) text has its own size in a page of the documents.
_PAGE = 7.2
_NARROWEST, _WIDEST = 0.6, 1.5  # of a panel, in inches
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@own_style()
def latents_by_factor(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    *,
    factor_names: Sequence[str] | None = None,
    is_active: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
) -> "Figure":
    """Shows the values of each latent for each value of each factor.

    There is a panel for each factor (row) and active latent (column). It shows
    the median of the latent for each value of the factor, with bands from the
    first to the third quartile and from the first to the ninth decile. If a
    latent follows a factor, its line changes and the bands are narrow; if it
    does not depend on the factor, the line is flat and the bands are wide.

    Args:
        factors: Integers of shape `(num_samples, num_factors)`.
        latents: Shape `(num_samples, num_latents)`: their values.
        factor_names: One name per factor. Defaults to `factor 0` and so on.
        is_active: One boolean per latent; inactive latents are left out,
            unless no latent is active. By default all are active.

    Returns:
        A Matplotlib figure with one axes for each factor and active latent.

    Raises:
        ValueError: If an array is not a finite table, or lengths do not fit.
    """
    sources = finite_array(factors, "factors", "(num_samples, num_factors)")
    table = finite_array(latents, "latents", "(num_samples, num_latents)")
    num_factors, num_latents = sources.shape[1], table.shape[1]
    names = [f"factor {k}" for k in range(num_factors)]
    names = names if factor_names is None else list(factor_names)
    if len(sources) != len(table) or len(names) != num_factors:
        raise ValueError(
            "`factors` and `latents` must have the same length, and "
            "`factor_names` a name for each factor. Received: "
            f"{len(sources)} and {len(table)} rows, {num_factors} factors, "
            f"{len(names)} names"
        )
    mask = active_mask(is_active, num_latents)
    shown = np.flatnonzero(mask) if mask.any() else np.arange(num_latents)
    width = float(np.clip(_PAGE / len(shown), _NARROWEST, _WIDEST))
    figure = new_figure(
        max(3.6, min(width * len(shown), _LONGEST) + 0.8),
        min(1.1 * num_factors, _LONGEST) + 0.7,
        layout="constrained",
    )
    # Narrow panels have room for the numbers of the latents only.
    are_named = width >= (1.0 if mask.any() else 1.4)
    if not are_named:
        inactive = "" if mask.any() else " (all are inactive)"
        figure.suptitle(f"Latent{inactive}", fontsize=10)
    panels = figure.subplots(
        num_factors, len(shown), squeeze=False, sharex="row", sharey="col"
    )
    for f, name in enumerate(names):
        values, place = np.unique(sources[:, f], return_inverse=True)
        for column, latent in enumerate(shown):
            axes = panels[f, column]
            q = np.array(
                [
                    np.quantile(table[place == v, latent], _QUANTILES)
                    for v in range(len(values))
                ]
            )
            axes.fill_between(values, q[:, 0], q[:, 4], color=BLUE, alpha=0.15)
            axes.fill_between(values, q[:, 1], q[:, 3], color=BLUE, alpha=0.3)
            axes.plot(values, q[:, 2], color=BLUE)
            axes.set(xticks=[], yticks=[])
            if f == 0:
                title = latent_name(int(latent), bool(mask[latent]))
                if not are_named:
                    title["label"] = str(latent)
                axes.set_title(**title)
        panels[f, 0].set_ylabel(name)
    figure.supxlabel("Values of the factor of the row", fontsize=10)
    return figure
