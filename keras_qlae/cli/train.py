"""`keras-qlae train`."""

from pathlib import Path

import click

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.scores import print_scores
from keras_qlae.cli.settings import RecipeCommand
from keras_qlae.cli.settings import settings_of
from keras_qlae.recipes import Recipe
from keras_qlae.runs.data import folder_of


@click.command(cls=RecipeCommand)
@click.option(
    "--recipe",
    default="qlae",
    show_default=True,
    help="Which model and settings; the recipes are listed below.",
)
@click.option(
    "--dataset",
    default="room3d",
    show_default=True,
    help="Which data set: see `keras-qlae datasets list`. Or a folder of "
    "images; with a table factors.csv in it (docs/datasets.md) the latents are "
    "scored. Or tfds:NAME, prepared, or module:name of one of your own.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the run goes. Defaults to runs/RECIPE-DATASET-SEED.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Initial weights and order of the images.",
)
@precision_option
@click.option(
    "--quiet", is_flag=True, help="No progress bar, only one line per epoch."
)
@backend_option
@click.pass_context
def train(
    ctx: click.Context,
    recipe: str,
    dataset: str,
    directory: Path | None,
    seed: int,
    precision: str,
    quiet: bool,
) -> None:
    """Train a model, score it and draw what it learned.

    Needs no arguments: it then trains QLAE on the embedded data set. After a
    crash or a kill, the same command goes on from the last finished epoch. A
    finished run goes on when more --steps are asked for.

    Every setting of the recipe is an option: `keras-qlae train --recipe NAME
    --help` lists them.
    """
    chosen = recipes.get(recipe, dataset, settings_of(ctx))
    place = folder_of(dataset)
    directory = directory or Path("runs", f"{recipe}-{place}-{seed}")
    run = runs.RunDirectory(directory)
    if run.is_finished:
        click.echo(f"{directory} is a finished run; checking its settings.")
    else:
        _announce(chosen, dataset, directory)
    try:
        run = runs.train(
            directory, chosen, dataset, seed, precision, 2 if quiet else 1
        )
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command goes on where it was.")
        raise SystemExit(130) from None
    click.echo()
    print_scores(run)
    click.echo(f"\nReport and figures: {run.report}")


def _announce(recipe: Recipe, dataset: str, directory: Path) -> None:
    click.echo(
        f"Training {recipe.name} on {dataset} for {recipe.training.steps} "
        f"steps in {directory}. {recipe.summary}"
    )
