"""A trained run, looked at again."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_qlae.datasets import FactorDataset
from keras_qlae.files import write_text
from keras_qlae.recipes.protocol import Scoring
from keras_qlae.runs import data as run_data
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.directory import directory_of
from keras_qlae.runs.latents import keep_latents
from keras_qlae.runs.loading import allow
from keras_qlae.runs.loading import load_model
from keras_qlae.runs.records import Scores
from keras_qlae.runs.reporting import report
from keras_qlae.runs.reporting import write_figures
from keras_qlae.runs.scoring import score


def load(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: FactorDataset | None = None,
    imports: Sequence[str] = (),
) -> tuple[Any, FactorDataset]:
    """The trained model of a run and the images that it is scored on.

    Args:
        directory: The run directory.
        dataset: The data set of a run that was given one as an object.
        imports: Modules of one's own that the run names and that may be
            imported.

    Returns:
        The model, compiled as in training, and the data set.

    Raises:
        FileNotFoundError: No run there, or none that is trained.
        ValueError: The data set is not the one that was trained on, or the
            run names code that may not be imported.
    """
    run = directory_of(directory)
    run.check_links()
    run.verify(
        *(run.config, run.metrics, run.codebooks, run.code_usage),
        *(run.latents, run.model),
    )
    config = run.read_trained_config()
    allow(config, imports)
    image_size = config.setting("training", "image_size")
    data = run_data.load(dataset or config.dataset, image_size)
    fingerprint = data.fingerprint()
    if config.fingerprint not in (None, fingerprint):
        raise ValueError(
            f"The data set {config.dataset} is not what it was when the run in "
            f"{run.path} was trained, so that images may be scored that were "
            "trained on. Restore it, or train anew. Received: fingerprint "
            f"{fingerprint}, {config.fingerprint} in training"
        )
    known = config.settings.get("scoring", {})
    names = ("num_scored", "protocol", "scored_support")
    scoring = Scoring(**{k: known[k] for k in names if k in known})
    _, held_out = run_data.split(scoring, data, config.support)
    return load_model(run), held_out


def evaluate(
    directory: RunDirectory | os.PathLike[str] | str,
    every_metric: bool = False,
    dataset: FactorDataset | None = None,
    imports: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> None:
    """Scores a trained run again: writes `infomec.json` and the report.

    Args:
        directory: The run directory.
        every_metric: Whether to score more than InfoMEC and PSNR. On images
            without factors there is no InfoMEC, and SSIM is all there is more.
        dataset: As of `load`.
        imports: As of `load`.
        metrics: Metrics of one's own, as `module:name`, besides those of the
            run's recipe.
    """
    run = directory_of(directory)
    model, held_out = load(run, dataset, imports)
    own = run.read_config().setting("scoring", "metrics") or []
    own = list(dict.fromkeys([*own, *metrics]))
    scores = score(model, held_out, own, every_metric)
    earlier = _earlier(run)
    others = {**(earlier.others or {}), **(scores.others or {})}
    scores = scores.model_copy(
        update={
            "others": others or None,
            "multi_information": earlier.multi_information,
        }
    )
    scores.write(run.scores)
    keep_latents(run, model, held_out)
    if run.is_finished:
        run.seal()
        write_text(run.report, report(run, held_out))


def _earlier(run: RunDirectory) -> Scores:
    """The scores that are known; none if the file is damaged."""
    try:
        return run.read_scores()
    except (OSError, ValueError):
        return Scores(num_samples=0, psnr=0.0)


def draw(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: FactorDataset | None = None,
    imports: Sequence[str] = (),
) -> list[Path]:
    """Draws the figures of a trained run again.

    Args are those of `evaluate`.

    Returns:
        The paths written.
    """
    run = directory_of(directory)
    model, held_out = load(run, dataset, imports)
    run.verify(run.scores)
    if not run.scores.exists():
        score(model, held_out).write(run.scores)
    return write_figures(run, model, held_out)
