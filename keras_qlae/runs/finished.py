"""Scores and draws a trained run again."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_qlae.datasets import FactorDataset
from keras_qlae.files import write_text
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.directory import directory_of
from keras_qlae.runs.latents import keep_latents
from keras_qlae.runs.records import Scores
from keras_qlae.runs.reporting import report
from keras_qlae.runs.reporting import write_figures
from keras_qlae.runs.run import open_run
from keras_qlae.runs.scoring import score


def load(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: Any = None,
    imports: Sequence[str] = (),
) -> tuple[Any, FactorDataset]:
    """Loads the trained model of a run and the images on which it is scored.

    They are `model` and `held_out` of `open_run(directory)`.

    Args:
        directory: The run directory.
        dataset: As in `open_run`.
        imports: As in `open_run`.

    Returns:
        The model, compiled as in training, and the data set.

    Raises:
        FileNotFoundError: There is no run, or it is not trained.
        ValueError: The data set is not the one used for training, or the run
            names code that may not be imported.
    """
    run = open_run(directory, dataset, imports)
    return run.model, run.held_out


def evaluate(
    directory: RunDirectory | os.PathLike[str] | str,
    every_metric: bool = False,
    dataset: Any = None,
    imports: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> None:
    """Scores a trained run again: writes `infomec.json` and the report.

    The file then has only the scores of this call; further scores of an
    earlier call are removed.

    Args:
        directory: The run directory.
        every_metric: Whether to score more than InfoMEC and PSNR. For images
            without factors there is no InfoMEC, and only SSIM is added.
        dataset: As in `load`.
        imports: As in `load`.
        metrics: Your own metrics, as `module:name`, in addition to those of
            the run's recipe.
    """
    run = directory_of(directory)
    model, held_out = load(run, dataset, imports)
    own = run.read_config().setting("scoring", "metrics") or []
    own = list(dict.fromkeys([*own, *metrics]))
    scores = score(model, held_out, own, every_metric)
    earlier = _earlier(run)
    scores = scores.model_copy(
        update={"multi_information": earlier.multi_information}
    )
    keep_latents(run, model, held_out)
    run.write_scores(scores)
    if run.is_finished:
        write_text(run.report, report(run, held_out))


def _earlier(run: RunDirectory) -> Scores:
    """The known scores; none if the file is damaged."""
    try:
        return run.read_scores()
    except (OSError, ValueError):
        return Scores(num_samples=0, psnr=0.0)


def draw(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: Any = None,
    imports: Sequence[str] = (),
) -> list[Path]:
    """Draws the figures of a trained run again.

    Arguments are those of `evaluate`.

    Returns:
        The paths written.
    """
    run = directory_of(directory)
    model, held_out = load(run, dataset, imports)
    if not run.scores.exists():
        run.write_scores(score(model, held_out))
    return write_figures(run, model, held_out)
