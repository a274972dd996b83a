"""Scores a trained model on the images for scoring."""

import contextlib
import re
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_qlae import metrics
from keras_qlae.datasets import FactorDataset
from keras_qlae.metrics import infomec
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.parts import import_object
from keras_qlae.runs.records import Scores

_PART = 1000  # images reconstructed at a time
_INFOMEC = ("InfoM", "InfoE", "InfoC")

Metric = Callable[[np.ndarray, np.ndarray], float]


def score(
    model: Any,
    data: FactorDataset,
    own: Sequence[str] = (),
    every_metric: bool = False,
) -> Scores:
    """Scores a trained model; without factors there is no InfoMEC.

    `own` are the user's own metrics, as in `own_metrics`.
    """
    images = data.images(np.arange(len(data)))
    fidelity = float(np.mean(getattr(model, model.fidelity)(images)))
    others: dict[str, float] = {}
    result = None
    if data.has_factors:
        factors = data.factors(np.arange(len(data)))
        codes = model.codes(images)
        with _factors_by_name(data.factor_names):
            result = infomec(factors, codes, model.latent.is_discrete)
            others = {
                name: float(metric(factors, codes))
                for name, metric in own_metrics(own).items()
            }
            if every_metric:
                others |= _latent_scores(model.latent, factors, codes)
    if every_metric and model.has_images:
        others["SSIM"] = _ssim(model, images)
    names = data.factor_names
    more = {model.fidelity: fidelity, "others": others or None}
    return Scores.of(len(data), result, names, **more)


@contextlib.contextmanager
def _factors_by_name(names: Sequence[str]) -> Iterator[None]:
    """Replaces indices in warnings of metrics by factor names; warns once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for each in dict.fromkeys((str(w.message), w.category) for w in caught):
        text = re.sub(
            r"at indices \[([\d, ]+)\]",
            lambda found: ", ".join(
                f"`{names[int(i)]}`" for i in found[1].split(",")
            ),
            each[0],
        )
        warnings.warn(text, each[1], stacklevel=4)


def own_metrics(paths: Sequence[str]) -> dict[str, Metric]:
    """Imports the user's own metrics, by name.

    Args:
        paths: Import paths `module:name` of functions
            `metric(factors, latents) -> float`: integers
            `(num_samples, num_factors)`, and `(num_samples, num_latents)`,
            integers if the latents are discrete.

    Raises:
        SettingError: A function does not exist, or a path is invalid.
    """
    for path in paths:
        if ":" not in path:
            raise SettingError(
                "`metrics` takes import paths of functions, such as "
                "`my_module:my_metric`. For the metrics of the package use "
                "`keras-qlae evaluate RUN --metrics all`. "
                f"Received: {path!r}",
                "metrics",
            )
    return {path.rpartition(":")[2]: import_object(path) for path in paths}


def numbers_of(latent: Any, codes: np.ndarray) -> np.ndarray:
    """Converts codes to numbers, for scores that treat latents as numbers.

    The number of a discrete latent is its quantized value, which the decoder
    reads: a learned codebook may not be in the order of its indices, or
    evenly spaced. If the decoder reads a vector, as in a VQ-VAE, it is the
    index.
    """
    if latent.is_discrete and latent.num_outputs == latent.num_latents:
        return np.asarray(keras.ops.convert_to_numpy(latent.values(codes)))
    return codes


def multi_information(data: FactorDataset) -> float:
    """How strongly the factors of a data set depend on each other."""
    factors = data.factors(np.arange(len(data)))
    return metrics.normalized_multi_information(factors)


def _latent_scores(
    latent: Any, factors: np.ndarray, codes: np.ndarray
) -> dict[str, float]:
    """Scores other than InfoMEC, by the name with which they are shown."""
    from tqdm import tqdm

    with tqdm(unit="score", leave=False, disable=None) as bar:

        def show(done: int, total: int, name: str) -> None:
            bar.total = total
            bar.set_description(name, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        scores = metrics.all_scores(
            factors,
            codes,
            latent.is_discrete,
            numbers=numbers_of(latent, codes),
            progress=show,
        )
    return {k: v for k, v in scores.items() if k not in _INFOMEC}


def _ssim(model: Any, images: np.ndarray) -> float:
    values = [
        metrics.ssim(part, np.clip(model.reconstruct(part), 0, 1))
        for start in range(0, len(images), _PART)
        for part in [images[start : start + _PART]]
    ]
    return float(np.concatenate(values).mean())
