"""Independent component analysis of trained latents."""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_qlae import metrics
from keras_qlae.datasets import FactorDataset
from keras_qlae.metrics import infomec
from keras_qlae.recipes import Recipe
from keras_qlae.runs import data as run_data
from keras_qlae.runs import finished
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.latents import NUM_KEPT
from keras_qlae.runs.latents import write_latents
from keras_qlae.runs.records import Scores
from keras_qlae.runs.scoring import own_metrics

Floats = npt.NDArray[np.float64]

NUM_FITTED = 10_000  # images to whose latents the rotation is fitted
_MAX_ITERATIONS = 1000


class Rotation(NamedTuple):
    """A linear map to independent components of unit variance.

    Attributes:
        is_active: Boolean array `(num_latents,)`: the latents to rotate.
        mean: `(num_active,)`, subtracted first.
        matrix: `(num_components, num_active)`.
        converged: Whether the fit converged.
    """

    is_active: npt.NDArray[np.bool_]
    mean: Floats
    matrix: Floats
    converged: bool

    def __call__(self, latents: npt.ArrayLike) -> Floats:
        """Maps `(num_samples, num_latents)` to the components."""
        active = np.asarray(latents, np.float64)[:, self.is_active]
        return (active - self.mean) @ self.matrix.T


def fit_ica(latents: npt.ArrayLike, seed: int = 0) -> Rotation:
    """Fits scikit-learn's FastICA to continuous latents.

    Only active latents (`metrics.active_latents`, rule `"range"`) are
    rotated. Components have unit variance, so an inactive latent would become
    as large as the others, count as active, and be scored as noise. There are
    as many components as the active latents have linearly independent
    directions, so that no information is lost. If no latent is active,
    nothing is rotated.

    Args:
        latents: `(num_samples, num_latents)`, finite.
        seed: Integer, for the start of the fit.

    Returns:
        The rotation; if the fit has not converged, that of the last
        iteration.

    Reference:
        Hyvärinen and Oja, "Independent component analysis: algorithms and
        applications", Neural Networks 13, 2000.
    """
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    values = np.asarray(latents, np.float64)
    is_active = metrics.active_latents(values, discrete=False)
    if not is_active.any():
        return _no_rotation(values.shape[1])
    active = values[:, is_active]
    ica = FastICA(
        n_components=int(np.linalg.matrix_rank(active - active.mean(axis=0))),
        whiten="unit-variance",
        whiten_solver="svd",
        max_iter=_MAX_ITERATIONS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ica.fit(active)
    converged = ica.n_iter_ < _MAX_ITERATIONS
    return Rotation(is_active, ica.mean_, ica.components_, converged)


def score_rotated(
    run: RunDirectory, source: RunDirectory, recipe: Recipe, seed: int
) -> bool:
    """Scores the rotated latents of a trained run: writes `infomec.json`.

    The rotation is fitted to `NUM_FITTED` training images of `source`, drawn by
    the seed, and scored on its held-out images. It is invertible, so PSNR is
    that of the run; it is the only score if the images have no factors.

    Returns whether the rotation converged.
    """
    # The modules of the recipe were imported to train it.
    foreign = source.read_config().foreign_parts
    modules = [path.partition(":")[0] for path in foreign]
    model, held_out = finished.load(source, imports=modules)
    scores = source.read_scores()
    if not held_out.has_factors:
        run.write_scores(scores)
        run.seal()
        return True
    data = run_data.load(
        source.read_config().dataset, recipe.training.image_size
    )
    train_part, _ = run_data.split(
        recipe.scoring, data, recipe.training.support, warns=False
    )
    rotation = fit_ica(model.codes(_drawn(train_part, seed)), seed)
    index = run_data.spread(len(held_out), NUM_KEPT)
    kept = rotation(model.codes(held_out.images(index)))
    write_latents(run, kept, np.ones(kept.shape[1], bool))
    index = np.arange(len(held_out))
    factors = held_out.factors(index)
    rotated = rotation(model.codes(held_out.images(index)))
    others = {
        name: float(metric(factors, rotated))
        for name, metric in own_metrics(recipe.scoring.metrics).items()
    }
    run.write_scores(
        Scores.of(
            len(held_out),
            infomec(factors, rotated, discrete=False),
            held_out.factor_names,
            others=others or None,
            converged=rotation.converged,
            multi_information=scores.multi_information,
            psnr=scores.psnr,
            reconstruction_r2=scores.reconstruction_r2,
        )
    )
    run.seal()
    return rotation.converged


def _no_rotation(num_latents: int) -> Rotation:
    everything = np.ones(num_latents, bool)
    return Rotation(
        everything, np.zeros(num_latents), np.eye(num_latents), True
    )


def _drawn(data: FactorDataset, seed: int) -> np.ndarray:
    """Draws the images of `data` to which the rotation is fitted."""
    count = min(NUM_FITTED, len(data))
    chosen = np.random.default_rng(seed).choice(len(data), count, replace=False)
    return data.images(np.sort(chosen))
