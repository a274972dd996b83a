"""`keras-qlae compare`."""

import re
from pathlib import Path
from typing import Any

import click

from keras_qlae import comparing
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.cli.json import quiet_if
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.scheduler import scheduler_option
from keras_qlae.cli.settings import RecipeCommand
from keras_qlae.cli.settings import settings_of
from keras_qlae.cli.tracking import callbacks_of
from keras_qlae.cli.tracking import tracking_options
from keras_qlae.runs import execution


@click.command(cls=RecipeCommand)
@click.argument("models", nargs=-1)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file with models, seeds and data sets, in place of naming "
    "them here.",
)
@click.option(
    "--seeds",
    metavar="N,N-N,...",
    help="Seeds of the runs of each model, as 0,1,2 or 0-4.  [default: 0]",
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
    help="Where runs, tables and figure go.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs at a time; the cores are divided among them.",
)
@scheduler_option
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
    precision: str,
    as_json: bool,
) -> None:
    """Train several models over several seeds and compare their scores.

    \b
    keras-qlae compare qlae ae beta-vae ae-ica --seeds 0,1,2 --jobs 2
    keras-qlae compare --config study.toml

    MODELS are names of recipes (`keras-qlae train --help` lists them), or
    `ae-ica`: the plain autoencoder with its latents rotated by independent
    component analysis. Models with settings of their own, as an ablation, are
    described in a TOML file:

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

    Every setting of the recipes is an option, as --steps 600, and counts for
    all models that have it.

    After a crash or a kill the same command goes on: finished runs are not
    repeated. A run that fails does not stop the others; the exit code is then
    1, and the same command tries it again. DIRECTORY gets results.csv,
    table.md, table.csv, table.tex and comparison.png, written anew whenever a
    run ends, and every run in DATASET/MODEL/seed-N.
    """  # noqa: D301 (a backspace is how click is told to keep lines)
    study = _study(models, config, seeds, datasets, settings_of(ctx))
    executor = execution.cluster_executor(scheduler) if scheduler else None
    try:
        with quiet_if(as_json):
            rows = comparing.compare(
                study, directory, executor, jobs, precision, callbacks_of(ctx)
            )
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command goes on where it was.")
        raise SystemExit(130) from None
    if as_json:
        print_json(rows)
    else:
        table = (directory / "table.md").read_text(encoding="utf-8")
        click.echo(f"\n{table}\nTables and figure: {directory}")
    failed = sum(row["status"] == "failed" for row in rows)
    if failed:
        click.echo(f"{failed} of {len(rows)} runs failed.", err=True)
        raise SystemExit(1)


def _study(
    models: tuple[str, ...],
    config: Path | None,
    seeds: str | None,
    datasets: str | None,
    settings: dict[str, Any],
) -> comparing.Study:
    if config is not None:
        if models or seeds or datasets:
            raise click.UsageError(
                "--config says which models, seeds and data sets: write them "
                "there, or leave --config out."
            )
        return comparing.read_study(config, settings)
    if not models:
        raise click.UsageError(
            "Which models? Name them, as in `keras-qlae compare qlae ae`, or "
            "describe them in a TOML file and give --config."
        )
    contenders = [comparing.contender_of(name, {}) for name in models]
    return comparing.Study(
        comparing.with_settings(contenders, settings),
        [name.strip() for name in (datasets or "room3d").split(",")],
        _seeds(seeds or "0"),
    )


def _seeds(text: str) -> list[int]:
    """Numbers and ranges, as `0,1` and `0-4`."""
    seeds: list[int] = []
    for each in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", each)
        if found is None:
            raise click.BadParameter(
                "--seeds wants integers with commas between them, or ranges "
                f"as 0-4, not {text!r}"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < first + 10_000:
            raise click.BadParameter(
                f"--seeds wants ranges from a lower to a higher seed, not "
                f"{each!r}"
            )
        seeds += range(first, last + 1)
    return seeds
