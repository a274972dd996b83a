"""Trains a recipe in a run directory; goes on where a killed run stopped."""

import logging
import warnings
from pathlib import Path
from typing import Any

import keras

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae.callbacks import FiniteLoss
from keras_qlae.callbacks import InfoMEC
from keras_qlae.callbacks import Progress
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.registry import options_of
from keras_qlae.datasets.registry import resolve
from keras_qlae.files import replacing
from keras_qlae.recipes import Recipe
from keras_qlae.runs.checkpoints import Checkpoints
from keras_qlae.runs.checkpoints import Record
from keras_qlae.runs.checkpoints import restore
from keras_qlae.runs.checkpoints import size_on_disk
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.reporting import finish
from keras_qlae.runs.reporting import spread
from keras_qlae.runs.versions import version_of

_logger = logging.getLogger(__name__)

_NUM_VALIDATED = 1920  # held-out images whose loss is logged each epoch


def train(
    directory: Path | str,
    recipe: Recipe,
    dataset: str = "room3d",
    seed: int = 0,
    precision: str = "float32",
    verbose: int = 1,
) -> RunDirectory:
    """Trains, scores and reports a recipe, all in one directory.

    Called again on the same directory with the same settings it goes on from
    the last finished epoch, with the optimizer's state and the order of the
    data, and ends with the same weights as if it had never stopped (on one
    backend and machine, on a CPU). A finished run is left alone.

    Args:
        directory: The run directory.
        recipe: What to train.
        dataset: Name of the data set, or a folder of images: as of
            `datasets.load`. Without factors, loss and PSNR are all that is
            logged and scored.
        seed: Integer: initial weights and order of the data.
        precision: Keras dtype policy: `"float32"`, `"mixed_bfloat16"` or
            `"mixed_float16"`.
        verbose: 0 for silence, 1 for a progress bar and a line an epoch, 2
            for the lines alone.

    Returns:
        The run directory.

    Raises:
        ValueError: Unknown names, a directory that holds another run, or a
            number of latents that is to follow from factors that are unknown.
        RuntimeError: Another process trains there.
        OSError: The directory cannot be written.
        FloatingPointError: The loss is no longer finite.
    """
    run = RunDirectory(directory)
    config = describe(recipe, dataset, seed, precision)
    run.check(config)
    if run.is_finished:
        return run
    # All that may not fit comes before the directory is touched.
    data = load_dataset(config)
    if not (data.has_factors or recipe.num_latents):
        raise ValueError(
            "`num_latents` must be given for a data set without factors: its "
            "default, 0, is twice their number. "
            f"Received: num_latents=0, {data!r}"
        )
    train_part, held_out = split(recipe, data)
    train_part.batches_per_epoch(_images_per_batch(recipe))
    model = recipes.compiled_model(
        recipe,
        data.image_shape,
        len(data.factor_names),
        seed,
        precision,
        num_examples=len(train_part),
    )
    if not data.has_factors:
        _logger.warning(
            "%s has no factors to score latents against: training goes by "
            "loss and PSNR, without InfoMEC.",
            data.name,
        )
    with run.locked():
        run.claim(config)
        record = restore(run, model)
        record.write(run)
        _fit(run, model, recipe, train_part, held_out, seed, record, verbose)
        with replacing(run.model, size_on_disk(model)) as path:
            model.save(path)
        finish(run, model, held_out)
    return run


def describe(
    recipe: Recipe, dataset: str, seed: int, precision: str
) -> dict[str, Any]:
    """Everything needed to repeat a run, as plain values."""
    return {
        "recipe": recipe.name,
        "dataset": resolve(dataset),
        "seed": seed,
        "backend": keras.backend.backend(),
        "precision": precision,
        "settings": recipe.to_dict(),
        "versions": {
            name: version_of(name)
            for name in (
                "keras-qlae",
                "keras",
                "numpy",
                *dict.fromkeys((keras.backend.backend(), "tensorflow")),
            )
        },
    }


def load_dataset(config: dict[str, Any]) -> FactorDataset:
    """The data set of a run's configuration."""
    options = {}
    if "image_size" in options_of(config["dataset"]):
        options["image_size"] = config["settings"]["image_size"]
    return datasets.load(config["dataset"], **options)


def split(
    recipe: Recipe, data: FactorDataset
) -> tuple[FactorDataset, FactorDataset]:
    """What is trained on, and what is scored: at most a fifth, or it warns.

    The same for every seed, so that runs are scored on the same images.
    """
    num_scored = min(recipe.num_scored, len(data) // 5)
    if num_scored < recipe.num_scored:
        warnings.warn(
            f"{num_scored} images are scored in place of the "
            f"{recipe.num_scored} of `num_scored`: a fifth of the {len(data)} "
            f"images of `{data.name}`. Scores of fewer images vary more.",
            stacklevel=3,
        )
    return data.split(num_scored, seed=0, protocol=recipe.protocol)


def held_out_of(recipe: Recipe, config: dict[str, Any]) -> FactorDataset:
    """The scored images of a run's configuration."""
    return split(recipe, load_dataset(config))[1]


def _fit(
    run: RunDirectory,
    model: keras.Model,
    recipe: Recipe,
    data: FactorDataset,
    held_out: FactorDataset,
    seed: int,
    record: Record,
    verbose: int,
) -> None:
    """Trains from where `record` stands to the last step."""
    scores = []
    if held_out.has_factors:
        scores = [InfoMEC(held_out, recipe.num_scored, recipe.score_every)]
        scores[0].restore(_carried(record))
    # Spread over the held-out images, which are in the order of the factors.
    validated = held_out.subset(spread(len(held_out), _NUM_VALIDATED))
    validation_batch = min(recipe.batch_size, len(validated))
    batch_size = _images_per_batch(recipe)
    batches = data.batches_per_epoch(batch_size)
    period = recipe.generator_period
    while record.step < recipe.steps:
        step = record.step
        epoch = len(record.rows)
        whole, rest = divmod(recipe.steps - step, recipe.steps_per_epoch)
        start_epoch, start_batch = divmod(step // period, batches)
        bar = Progress(recipe.steps, step, verbose == 1, period)
        model.fit(
            data.as_tf_dataset(
                batch_size,
                shuffle=True,
                repeat=True,
                seed=seed,
                start_epoch=start_epoch,
                start_batch=start_batch,
                with_factors=False,
            ),
            validation_data=validated.as_tf_dataset(
                validation_batch, with_factors=False, drop_remainder=True
            ),
            initial_epoch=epoch,
            epochs=epoch + (whole or 1),
            steps_per_epoch=(recipe.steps_per_epoch if whole else rest)
            // period,
            callbacks=[
                FiniteLoss(step, period),
                *scores,
                *([bar] if verbose else []),
                Checkpoints(run, record, period),
            ],
            verbose=0,
        )


def _images_per_batch(recipe: Recipe) -> int:
    """Images in a batch of `fit`, which makes `generator_period` steps."""
    return recipe.batch_size * recipe.generator_period


def _carried(record: Record) -> dict[str, float]:
    """The last InfoMEC scores of an earlier call."""
    last = record.rows[-1] if record.rows else {}
    return {name: last[name] for name in InfoMEC.names if name in last}
