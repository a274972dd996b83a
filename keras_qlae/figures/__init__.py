"""Figures: each function takes NumPy arrays, returns a Matplotlib `Figure`.

Only `traversals` takes a model, which computes the arrays.

No function uses `pyplot`, chooses a backend or sets a theme. Matplotlib is
imported when the first figure is made, not with the package. A notebook shows
a returned figure; `save` writes it to a file.
"""

from keras_qlae.figures.code_usage import code_usage
from keras_qlae.figures.codebook_trajectories import codebook_trajectories
from keras_qlae.figures.comparison import comparison
from keras_qlae.figures.interventions import interventions
from keras_qlae.figures.latent_densities import latent_densities
from keras_qlae.figures.latents_by_factor import latents_by_factor
from keras_qlae.figures.model_selection import model_selection
from keras_qlae.figures.nmi_heatmap import nmi_heatmap
from keras_qlae.figures.parallel_coordinates import parallel_coordinates
from keras_qlae.figures.reconstructions import reconstructions
from keras_qlae.figures.samples import samples
from keras_qlae.figures.save import save
from keras_qlae.figures.search_scores import search_scores
from keras_qlae.figures.training_curves import training_curves
from keras_qlae.figures.traversals import traversals

__all__ = [
    "code_usage",
    "codebook_trajectories",
    "comparison",
    "interventions",
    "latent_densities",
    "latents_by_factor",
    "model_selection",
    "nmi_heatmap",
    "parallel_coordinates",
    "reconstructions",
    "samples",
    "save",
    "search_scores",
    "training_curves",
    "traversals",
]
