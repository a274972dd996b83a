"""`keras-qlae compare`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.cli.json import quiet_if
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.scheduler import scheduler_option
from keras_qlae.cli.settings import RecipeCommand
from keras_qlae.cli.settings import options_of
from keras_qlae.cli.settings import settings_of
from keras_qlae.cli.tracking import callbacks_of
from keras_qlae.cli.tracking import tracking_options
from keras_qlae.recipes.names import check_names

if TYPE_CHECKING:
    from keras_qlae import comparing


@click.command(cls=RecipeCommand)
@click.argument("models", nargs=-1)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file with models, seeds and data sets, instead of MODELS and "
    "options.",
)
@click.option(
    "--seeds",
    metavar="N,N-N,...",
    help="Seeds for each model, such as 0,1,2 or 0-4.  [default: 0]",
)
@click.option(
    "--datasets",
    metavar="NAME,...",
    help="Data sets (see `keras-qlae datasets list`), folders of images, or "
    "module:name of data sets of your own.  [default: room3d]",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs", "compare"),
    show_default=True,
    help="Folder for runs, tables and figure.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs at a time; the cores are divided among them.",
)
@scheduler_option
@click.option(
    "--write-slurm",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Train nothing: write a script that submits the runs to Slurm as a "
    "job array, followed by the tables.",
)
@click.option(
    "--task",
    type=click.IntRange(min=0),
    help="Do only one task of the study, as the job array does.",
)
@click.option(
    "--gather",
    "gathers",
    is_flag=True,
    help="Train nothing: write the tables of the existing runs.",
)
@precision_option
@json_option
@tracking_options
@backend_option
@click.pass_context
def compare(
    ctx: click.Context,
    models: tuple[str, ...],
    config: Path | None,
    seeds: str | None,
    datasets: str | None,
    directory: Path,
    jobs: int,
    scheduler: str | None,
    write_slurm: Path | None,
    task: int | None,
    gathers: bool,
    precision: str,
    as_json: bool,
) -> None:
    """Train several models over several seeds and compare their scores.

    \b
    keras-qlae compare qlae ae beta-vae ae-ica --seeds 0,1,2 --jobs 2
    keras-qlae compare --config study.toml

    MODELS are names of recipes (`keras-qlae train --help` lists them), or
    `ae-ica`: the plain autoencoder with its latents rotated by independent
    component analysis. Describe models with other settings, such as
    ablations, in a TOML file:

    \b
    datasets = ["room3d"]
    seeds = [0, 1]
    [models.qlae]
    [models."QLAE, shared codebook"]
    recipe = "qlae"
    shared = true
    [models."AE + ICA"]
    recipe = "ae"
    rotate = "ica"

    Every setting of the recipes is an option, such as --steps 600, for all
    models that have it.

    After a crash or a kill the same command resumes: finished runs are not
    repeated. A run that fails does not stop the others; the exit code is then
    1, and the same command tries it again. DIRECTORY gets report.html,
    results.csv, table.md, table.csv, table.tex and comparison.png, updated
    whenever a run ends, and every run in DATASET/MODEL/seed-N.
    """  # noqa: D301 (a backspace is how click is told to keep lines)
    study = _study(models, config, seeds, datasets, settings_of(ctx))

    from keras_qlae import comparing  # after a first look at the options
    from keras_qlae.runs import execution

    if write_slurm is not None:
        _write_slurm(ctx, study, write_slurm)
        return
    if task is not None:
        names = callbacks_of(ctx)
        if not comparing.do_task(study, directory, task, precision, names):
            click.echo(f"Another process is doing task {task}.")
        return
    executor = execution.cluster_executor(scheduler) if scheduler else None
    try:
        with quiet_if(as_json):
            if gathers:
                rows = comparing.gather(study, directory, precision)
            else:
                rows = comparing.compare(
                    *(study, directory, executor, jobs, precision),
                    callbacks_of(ctx),
                )
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command resumes it.")
        raise SystemExit(130) from None
    if as_json:
        print_json(rows)
    else:
        table = (directory / "table.md").read_text(encoding="utf-8")
        click.echo(f"\n{table}\nIn a browser: {directory / 'report.html'}")
    failed = sum(row["status"] == "failed" for row in rows)
    if failed:
        click.echo(f"{failed} of {len(rows)} runs failed.", err=True)
    waiting = sum(row["status"] == "waiting" for row in rows)
    if waiting:
        click.echo(f"{waiting} of {len(rows)} runs are not finished.", err=True)
    if failed or waiting:
        raise SystemExit(1)


def _write_slurm(
    ctx: click.Context, study: "comparing.Study", path: Path
) -> None:
    import keras

    from keras_qlae.comparing import array
    from keras_qlae.comparing.planned import runs_of

    given = ctx.params
    directory = given["directory"].absolute()
    planned = runs_of(study, directory, given["precision"])
    number = len(array.tasks_of(planned))
    words = [*given["models"], f"--directory={directory}"]
    if given["config"] is not None:
        words.append(f"--config={given['config'].absolute()}")
    words += [
        f"--{name}={given[name]}"
        for name in ("seeds", "datasets", "precision")
        if given[name] is not None
    ]
    words += options_of(ctx)
    for name in callbacks_of(ctx):
        words.append(f"--callback={name}" if ":" in name else f"--{name}")
    array.write_slurm(path, words, number, directory, keras.backend.backend())
    click.echo(f"{path}: {number} tasks. Submit them with\n  bash {path}")


def _study(
    models: tuple[str, ...],
    config: Path | None,
    seeds: str | None,
    datasets: str | None,
    settings: dict[str, Any],
) -> "comparing.Study":
    if config is not None and (models or seeds or datasets):
        raise click.UsageError(
            "--config has the models, seeds and data sets: write them in the "
            "file, or leave --config out."
        )
    if config is None and not models:
        raise click.UsageError(
            "No models: name them, as in `keras-qlae compare qlae ae`, or "
            "describe them in a TOML file and give --config."
        )
    chosen_seeds = _seeds(seeds or "0")
    if config is None:
        check_names(settings)

    from keras_qlae import comparing

    if config is not None:
        return comparing.read_study(config, settings)
    contenders = [comparing.contender_of(name, {}) for name in models]
    return comparing.Study(
        comparing.with_settings(contenders, settings),
        [name.strip() for name in (datasets or "room3d").split(",")],
        chosen_seeds,
    )


def _seeds(text: str) -> list[int]:
    """Reads numbers and ranges, such as `0,1` and `0-4`."""
    seeds: list[int] = []
    for each in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", each)
        if found is None:
            raise click.BadParameter(
                "--seeds must be integers with commas between them, or ranges "
                f"such as 0-4, not {text!r}"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < first + 10_000:
            raise click.BadParameter(
                f"--seeds must have ranges from a lower to a higher seed, not "
                f"{each!r}"
            )
        seeds += range(first, last + 1)
    return seeds
