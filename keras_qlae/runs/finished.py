"""A trained run, looked at again."""

from pathlib import Path
from typing import Any

import keras

from keras_qlae import recipes
from keras_qlae.datasets import FactorDataset
from keras_qlae.files import write_text
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.other_scores import other_scores
from keras_qlae.runs.reporting import report
from keras_qlae.runs.reporting import score
from keras_qlae.runs.reporting import write_figures
from keras_qlae.runs.reporting import write_scores
from keras_qlae.runs.training import held_out_of


def load(run: RunDirectory) -> tuple[Any, FactorDataset]:
    """The trained model of a run and its held-out images.

    Args:
        run: The run directory.

    Returns:
        The model, compiled as in training, and the data set.

    Raises:
        FileNotFoundError: No run there, or none that is trained.
    """
    config = run.read_trained_config()
    recipe = recipes.get(config["recipe"], **config["settings"])
    return keras.saving.load_model(run.model), held_out_of(recipe, config)


def evaluate(run: RunDirectory, every_metric: bool = False) -> None:
    """Scores a trained run again: writes `infomec.json` and the report.

    Args:
        run: The run directory.
        every_metric: Whether to score more than InfoMEC and PSNR. On images
            without factors there is no InfoMEC, and SSIM is all there is more.
    """
    model, held_out = load(run)
    others = other_scores(model, held_out) if every_metric else None
    write_scores(run, *score(model, held_out), held_out, others)
    if run.is_finished:
        write_text(run.report, report(run, held_out))


def draw(run: RunDirectory) -> list[Path]:
    """Draws the figures of a trained run again.

    Returns:
        The paths written.
    """
    model, held_out = load(run)
    if not run.scores.exists():
        write_scores(run, *score(model, held_out), held_out)
    return write_figures(run, model, held_out)
