"""Exports the trained model of a run for use without this package."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_qlae import export as library
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.directory import directory_of
from keras_qlae.runs.loading import allow
from keras_qlae.runs.loading import load_model

_SCORES = (
    "factor_names",
    "nmi",
    "active",
    "infom",
    "infoe",
    "infoc",
    "psnr",
    "reconstruction_r2",
)


def is_cheap() -> bool:
    """Whether the backend writes a SavedModel without another process."""
    return library.FORMATS["saved_model"].is_native


def export_encoder(run: RunDirectory, model: keras.Model) -> None:
    """Writes the encoder of a run, `encoder/`, as a SavedModel."""
    library.export_model(model, run.encoder, metadata=_metadata(run))


def export(
    directory: RunDirectory | os.PathLike[str] | str,
    path: Path | None = None,
    part: str = "encoder",
    format: str = "saved_model",
    imports: Sequence[str] = (),
) -> Path:
    """Writes a part of the trained model of a run.

    Args:
        directory: The run directory.
        path: The folder to write. Defaults to `PART` in the run for a
            SavedModel, and to `PART-FORMAT` for another format.
        part: As in `keras_qlae.export_model`.
        format: As in `keras_qlae.export_model`.
        imports: As in `runs.load`.

    Returns:
        The path.

    Raises:
        FileNotFoundError: There is no run, or it is not trained.
    """
    run = directory_of(directory)
    run.verify(run.config, run.model, run.scores)
    config = run.read_trained_config()
    allow(config, imports)
    suffix = "" if format == "saved_model" else f"-{format}"
    return library.export_model(
        load_model(run),
        path or run.path / f"{part}{suffix}",
        part,
        format,
        _metadata(run),
    )


def _metadata(run: RunDirectory) -> dict[str, Any]:
    """What is known about the latents: factor names, NMI, active latents."""
    config = run.read_config()
    known: dict[str, Any] = {
        "recipe": config.recipe,
        "dataset": config.dataset,
        "seed": config.seed,
    }
    if run.scores.exists():
        scores = run.read_scores().to_dict()
        known |= {name: scores[name] for name in _SCORES if name in scores}
    return known
