"""`keras-qlae train`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.scores import print_scores
from keras_qlae.datasets.registry import resolve
from keras_qlae.recipes import Recipe

_QLAE = recipes.get("qlae")
_NAMES = "; ".join(
    f"{name}: {recipes.get(name).summary}" for name in recipes.available()
)


def _type(name: str, default: Any) -> Any:
    choices = recipes.CHOICES.get(name)
    return click.Choice(choices) if choices else type(default)


def _recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds an option for every setting of a recipe."""
    for name, field in reversed(recipes.settings().items()):
        flag = name.replace("_", "-")
        is_switch = isinstance(field.default, bool)
        command = click.option(
            f"--{flag}/--no-{flag}" if is_switch else f"--{flag}",
            type=None if is_switch else _type(name, field.default),
            default=None,
            help=f"{field.metadata['help']}  [qlae: {getattr(_QLAE, name)}]",
        )(command)
    return command


@click.command()
@click.option(
    "--recipe",
    default="qlae",
    show_default=True,
    help=f"Which settings. {_NAMES}",
)
@click.option(
    "--dataset",
    default="room3d",
    show_default=True,
    help="Which data set: see `keras-qlae datasets list`. Or a folder of "
    "images; with a table factors.csv in it (docs/datasets.md) the latents are "
    "scored.",
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
    "--quiet", is_flag=True, help="No progress bar, only a line an epoch."
)
@backend_option
@_recipe_options
def train(
    recipe: str,
    dataset: str,
    directory: Path | None,
    seed: int,
    precision: str,
    quiet: bool,
    **overrides: Any,
) -> None:
    """Train a model, score it and draw what it learned.

    Needs no arguments: it then trains QLAE on the embedded data set. After a
    crash or a kill, the same command goes on from the last finished epoch.

    The options from --latent on are the settings of the recipe, with the
    values of `qlae` in brackets; give one to use another value.
    """
    given = {k: v for k, v in overrides.items() if v is not None}
    chosen = recipes.get(recipe, dataset, **given)
    place = Path(resolve(dataset)).name
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
        f"Training {recipe.name} on {dataset} for {recipe.steps} steps in "
        f"{directory}. {recipe.summary}"
    )
