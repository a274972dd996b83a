"""`keras-qlae compare`."""

from pathlib import Path

import click

from keras_qlae import comparing
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.overrides import overrides
from keras_qlae.cli.precision import precision_option


@click.command()
@click.argument("models", nargs=-1)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file with models, seeds and data sets, in place of naming "
    "them here.",
)
@click.option(
    "--seeds",
    metavar="N,N,...",
    help="Seeds of the runs of each model, as 0,1,2.  [default: 0]",
)
@click.option(
    "--datasets",
    metavar="NAME,...",
    help="Data sets (see `keras-qlae datasets list`), or folders of images.  "
    "[default: room3d]",
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
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a setting of all recipes, as steps=600: see "
    "`keras-qlae train --help`.",
)
@precision_option
@backend_option
def compare(
    models: tuple[str, ...],
    config: Path | None,
    seeds: str | None,
    datasets: str | None,
    directory: Path,
    jobs: int,
    settings: tuple[str, ...],
    precision: str,
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
    shared_codebook = true
    [models."AE + ICA"]
    recipe = "ae"
    rotate = "ica"

    After a crash or a kill the same command goes on: finished runs are not
    repeated. A run that fails does not stop the others; the exit code is then
    1, and the same command tries it again. DIRECTORY gets results.csv,
    table.md, table.csv, table.tex and comparison.png, written anew whenever a
    run ends, and every run in DATASET/MODEL/seed-N.
    """  # noqa: D301 (a backspace is how click is told to keep lines)
    study = _study(models, config, seeds, datasets, overrides(settings))
    try:
        rows = comparing.compare(study, directory, jobs, precision)
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command goes on where it was.")
        raise SystemExit(130) from None
    click.echo(f"\n{(directory / 'table.md').read_text(encoding='utf-8')}")
    click.echo(f"Tables and figure: {directory}")
    failed = sum(row["status"] == "failed" for row in rows)
    if failed:
        click.echo(f"{failed} of {len(rows)} runs failed.", err=True)
        raise SystemExit(1)


def _study(
    models: tuple[str, ...],
    config: Path | None,
    seeds: str | None,
    datasets: str | None,
    settings: dict[str, object],
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
    return comparing.Study(
        [comparing.contender_of(name, settings) for name in models],
        [name.strip() for name in (datasets or "room3d").split(",")],
        [_seed(text) for text in (seeds or "0").split(",")],
    )


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(
            f"--seeds wants integers with commas between them, not {text!r}"
        ) from None
