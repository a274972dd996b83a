"""Trains a recipe in a run directory; resumes a killed run."""

import contextlib
import functools
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_qlae import backend
from keras_qlae import recipes
from keras_qlae.callbacks import CodesInUse
from keras_qlae.callbacks import FiniteLoss
from keras_qlae.callbacks import InfoMEC
from keras_qlae.callbacks import Interrupts
from keras_qlae.callbacks import Progress
from keras_qlae.callbacks import Reconstruction
from keras_qlae.callbacks.trackers import Tracker
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.moments import moments_of
from keras_qlae.datasets.pipeline import import_tensorflow
from keras_qlae.datasets.support import FULL
from keras_qlae.files import replacing
from keras_qlae.files import sweep
from keras_qlae.recipes import Recipe
from keras_qlae.runs import data as run_data
from keras_qlae.runs import hosts
from keras_qlae.runs import tracking
from keras_qlae.runs.checkpoints import Checkpoints
from keras_qlae.runs.checkpoints import Record
from keras_qlae.runs.checkpoints import restore
from keras_qlae.runs.checkpoints import size_on_disk
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import FORMAT
from keras_qlae.runs.records import Built
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.reporting import finish
from keras_qlae.runs.scoring import multi_information
from keras_qlae.runs.scoring import own_metrics
from keras_qlae.versions import version_of

_logger = logging.getLogger(__name__)

_NUM_VALIDATED = 1920  # held-out images whose loss is logged each epoch


def train(
    directory: Path | str,
    recipe: Recipe,
    dataset: Any = "room3d",
    seed: int = 0,
    precision: str = "float32",
    verbose: int = 1,
    callbacks: Sequence[tracking.Named] = (),
) -> RunDirectory:
    """Trains, scores and reports a recipe in a directory.

    If it is called again with the same directory and settings, it resumes from
    the last finished epoch, with the optimizer's state and the order of the
    data. The final weights are the same as without a stop (on one backend and
    machine, on a CPU). A finished run is not changed; with more steps it
    continues.

    Args:
        directory: The run directory.
        recipe: What to train.
        dataset: Images, NumPy `(n, height, width, channels)`, or vectors,
            `(n, width)`, as in `datasets.from_arrays`; or `(images,
            factors)`; a data set; or the name of one, a folder of images, an
            `.npz` file, or `module:name` for your own. Without factors, only
            loss and PSNR (R2 for vectors) are logged and scored. Arrays are
            not saved in the directory.
        seed: Integer, for initial weights and order of the data.
        precision: Keras dtype policy: `"float32"`, `"mixed_bfloat16"` or
            `"mixed_float16"`.
        verbose: 0 for no output, 1 for a progress bar and one line per epoch,
            2 for the lines only.
        callbacks: Further callbacks: those of Keras; `"tensorboard"`,
            `"wandb"` or `"mlflow"`; or `"module:name"` of your own class or
            function that makes one, called with the path of the run if it has
            an argument `directory`. The logs that they read have the scores.
            They run before the checkpoint of their epoch is written. If one
            stops training, such as `EarlyStopping`, the run ends there.

    Returns:
        The run directory.

    Raises:
        ValueError: A name is unknown, the directory has another run, or the
            number of latents is not given and the factors are unknown.
        RuntimeError: Another process is training there.
        OSError: The directory cannot be written.
        FloatingPointError: The loss is no longer finite.
        ImportError: The library of a tracker is not installed.
    """
    run = RunDirectory(directory)
    dataset = run_data.of_arrays(dataset)
    config = describe(recipe, dataset, seed, precision)
    is_done = False
    if hosts.is_first():
        run.check(config)
        is_done = run.is_finished and not run.wants_more(config)
    if hosts.agreed(is_done):
        return run
    # All checks come before anything is written to the directory.
    tracking.check(callbacks)
    run_data.check_num_latents(dataset, recipe)
    import_tensorflow()
    data = run_data.load(dataset, recipe.training.image_size)
    config = describe(recipe, dataset, seed, precision, data.fingerprint())
    if hosts.is_first():
        run.check(config)
    hosts.check_same(config)
    support = recipe.training.support
    train_part, held_out = run_data.split(recipe.scoring, data, support)
    train_part.batches_per_epoch(recipe.training.batch_size)
    build = functools.partial(
        recipes.compiled_model,
        recipe,
        data.image_shape,
        len(data.factor_names),
        seed,
        precision,
        num_examples=len(train_part),
        moments=moments_of(train_part),
    )
    model = build()
    _check_devices(model, recipe.training.batch_size)
    built = Built(
        image_shape=data.image_shape,
        num_latents=model.latent.num_latents,
        num_weights=sum(math.prod(v.shape) for v in model.trainable_variables),
    )
    config = config.model_copy(update={"built": built})
    copy = hosts.own_copy(model, build)
    fit = functools.partial(
        _fit, run, model, copy, recipe, train_part, held_out, seed
    )
    if not hosts.is_first():
        fit(hosts.spread(None, model, Record()), 0, ())
        hosts.agreed(None)  # the first has written all
        return run
    if not data.has_factors:
        _logger.warning(
            "%s has no factors, so latents cannot be scored: loss and %s "
            "are logged, without InfoMEC.",
            data.name,
            "PSNR" if data.has_images else "R2",
        )
    made = tracking.callbacks_of(callbacks, run, config)
    trackers = [each for each in made if isinstance(each, Tracker)]
    with run.locked(), contextlib.ExitStack() as stack:
        for tracker in trackers:
            stack.enter_context(tracker)
        sweep(run.path)
        run.claim(config)
        with backend.alone():
            record = restore(run, copy)
        record.write(run)
        fit(hosts.spread(copy, model, record), verbose, made)
        stack.enter_context(backend.alone())
        config.write(run.config)  # it may have been deleted meanwhile
        with replacing(run.model, size_on_disk(copy)) as path:
            copy.save(path)
        if not run.config.exists():  # somebody has deleted it meanwhile
            config.write(run.config)
        finish(
            run,
            copy,
            held_out,
            recipe.scoring.metrics,
            None if support == FULL else multi_information(train_part),
        )
        for tracker in trackers:
            tracker.summarize(run.read_scores().numbers)
    hosts.agreed(None)  # that all is written
    return run


def describe(
    recipe: Recipe,
    dataset: str | FactorDataset,
    seed: int,
    precision: str,
    fingerprint: str | None = None,
) -> Configuration:
    """Everything needed to repeat a run."""
    backend = keras.backend.backend()
    libraries = ("keras-qlae", "keras", "numpy", backend, "tensorflow")
    return Configuration(
        format=FORMAT,
        recipe=recipe.name,
        dataset=run_data.name_of(dataset),
        fingerprint=fingerprint,
        seed=seed,
        backend=backend,
        precision=precision,
        settings=recipe.to_dict(),
        versions={name: version_of(name) for name in dict.fromkeys(libraries)},
    )


def _check_devices(model: Any, batch_size: int) -> None:
    """Raises unless a batch can be shared by the devices in use."""
    number = backend.num_devices()
    if batch_size % number:
        raise ValueError(
            f"`batch_size` must be a multiple of the {number} devices that "
            f"share a batch. Received: batch_size={batch_size}"
        )
    if backend.sees_whole_batch():
        model.check_batch(batch_size)
        return
    model.check_batch(batch_size // number)
    parts = [model, model.latent, *getattr(model, "penalties", ())]
    names = [type(p).__name__ for p in parts if p.compares_images]
    if names:
        raise ValueError(
            "Losses that compare the images of a batch would see only each "
            "device's part of it on TensorFlow: use one device, or the "
            f"backend `jax`. Received: {', '.join(names)} on {number} devices"
        )


def _fit(
    run: RunDirectory,
    model: keras.Model,
    copy: keras.Model | None,
    recipe: Recipe,
    data: FactorDataset,
    held_out: FactorDataset,
    seed: int,
    record: Record,
    verbose: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains from the last step of `record` to the end."""
    training, scoring = recipe.training, recipe.scoring
    scores = []
    if held_out.has_factors and hosts.is_first():
        scores = [
            InfoMEC(
                held_out,
                len(held_out),
                scoring.score_every,
                metrics=own_metrics(scoring.metrics),
            )
        ]
        scores[0].restore(_carried(record, scores[0]))
    # Spread over the held-out images, which are in the order of the factors.
    validated = held_out.subset(run_data.spread(len(held_out), _NUM_VALIDATED))
    left = -(-(training.steps - record.step) // training.steps_per_epoch)
    images = validated.images(range(len(validated)))
    reconstruction = Reconstruction(
        images, held_out, last_epoch=len(record.rows) + left - 1
    )
    codes = CodesInUse(images) if CodesInUse.can_watch(model) else None
    validation_batch = min(training.batch_size, len(validated))
    if validation_batch > backend.num_devices():
        validation_batch -= validation_batch % backend.num_devices()
    batches = data.batches_per_epoch(training.batch_size)
    while record.step < training.steps:
        step = record.step
        epoch = len(record.rows)
        whole, rest = divmod(training.steps - step, training.steps_per_epoch)
        start_epoch, start_batch = divmod(step, batches)
        bar = Progress(training.steps, step, verbose == 1)
        batches_from_here = data.as_tf_dataset(
            training.batch_size,
            shuffle=True,
            repeat=True,
            seed=seed,
            start_epoch=start_epoch,
            start_batch=start_batch,
            with_factors=False,
            share=backend.host(),
            num_shares=backend.num_hosts(),
        )
        watching: list[keras.callbacks.Callback] = []
        if hosts.is_first():
            watching = [
                *scores,
                reconstruction,
                *([codes] if codes else []),
                *([bar] if verbose else []),
                *callbacks,
                Checkpoints(run, record, codes),
            ]
        if copy is not model:
            watching = [hosts.OnFirst(watching, copy, record)]
        with Interrupts() as interrupts:
            model.fit(
                batches_from_here,
                validation_data=validated.as_tf_dataset(
                    validation_batch,
                    with_factors=False,
                    drop_remainder=True,
                    share=backend.host(),
                    num_shares=backend.num_hosts(),
                ),
                initial_epoch=epoch,
                epochs=epoch + (whole or 1),
                steps_per_epoch=training.steps_per_epoch if whole else rest,
                callbacks=[FiniteLoss(step), interrupts, *watching],
                verbose=0,
            )
        if model.stop_training:
            _logger.warning(
                "A callback stopped training at step %d of %d.",
                record.step,
                training.steps,
            )
            return


def _carried(record: Record, scores: InfoMEC) -> dict[str, Any]:
    """The last scores of an earlier call."""
    last = record.rows[-1] if record.rows else {}
    names = [*scores.names, *(f"val_{name}" for name in scores.metrics)]
    return {name: last[name] for name in names if name in last}
