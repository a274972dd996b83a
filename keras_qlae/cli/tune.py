"""`keras-qlae tune`."""

from pathlib import Path
from typing import Any

import click

from keras_qlae import recipes
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.overrides import overrides
from keras_qlae.cli.precision import precision_option

_ALGORITHMS = ("random", "bayesian", "hyperband")


@click.command()
@click.option(
    "--recipe",
    default="qlae",
    show_default=True,
    help="Settings that are not searched: see `keras-qlae train --help`.",
)
@click.option(
    "--dataset",
    default="room3d",
    show_default=True,
    help="Which data set: see `keras-qlae datasets list`.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a setting of the recipe, as steps=4000.",
)
@click.option(
    "--search",
    "searched",
    multiple=True,
    metavar="NAME[=LOW:HIGH]",
    help="A setting to search, as learning_rate=0.001:0.01: weight_decay, "
    "num_values, learning_rate, num_latents, quantization_weight, "
    "commitment_weight.  [default: weight_decay, num_values]",
)
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="NAME[=WEIGHT]",
    help="What is maximized; given several times, the weighted sum, as "
    "--objective val_infom --objective val_psnr=0.02.  [default: val_infom]",
)
@click.option(
    "--algorithm",
    type=click.Choice(_ALGORITHMS),
    default="random",
    show_default=True,
    help="How trials are chosen.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    help="How many; Hyperband decides itself.",
)
@click.option(
    "--baseline/--no-baseline",
    default=True,
    help="Whether the first trial has no weight decay, to compare with.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where it goes. Defaults to runs/tune-RECIPE-DATASET-ALGORITHM.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True
)
@precision_option
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Of a chief: seconds without a sign of life until a worker's trial "
    "goes to another.",
)
@backend_option
def tune(
    recipe: str,
    dataset: str,
    settings: tuple[str, ...],
    searched: tuple[str, ...],
    objectives: tuple[str, ...],
    algorithm: str,
    trials: int,
    baseline: bool,
    directory: Path | None,
    seed: int,
    precision: str,
    patience: float,
) -> None:
    """Search for good settings of a recipe with Keras Tuner.

    After a crash or a kill the same command goes on: finished trials are not
    repeated. The best trial is left in DIRECTORY/best, a run directory. For
    several processes see tuning/README.md.
    """
    from keras_qlae import tuning  # loads Keras Tuner

    chosen = recipes.get(recipe, dataset, **overrides(settings))
    directory = directory or Path(
        "runs", f"tune-{recipe}-{dataset}-{algorithm}"
    )
    given: dict[str, Any] = {}
    if searched:
        given["search"] = _ranges(searched)
    if objectives:
        given["objective"] = _weights(objectives)
    hypermodel = tuning.QLAEHyperModel(
        chosen,
        dataset,
        seed=seed,
        precision=precision,
        **given,
    )
    rows = tuning.search(
        hypermodel,
        directory,
        algorithm,
        trials,
        seed,
        baseline,
        patience=patience,
    )
    if rows:
        click.echo(f"\n{(directory / 'results.md').read_text()}")
        for name, text in (("figures", "Figures"), ("best", "Best model")):
            if (directory / name).exists():  # some trial did not fail
                click.echo(f"{text}: {directory / name}")


def _ranges(options: tuple[str, ...]) -> dict[str, Any]:
    from keras_qlae import tuning

    ranges: dict[str, Any] = {}
    for option in options:
        name, found, text = option.partition("=")
        name = name.replace("-", "_")
        ranges[name] = tuning.SPACE.get(name)
        if found:
            low, _, high = text.partition(":")
            ranges[name] = (_number(low, option), _number(high, option))
    return ranges


def _weights(options: tuple[str, ...]) -> dict[str, float]:
    weights = {}
    for option in options:
        name, found, text = option.partition("=")
        weights[name] = _number(text, option) if found else 1.0
    return weights


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} in {option!r} is no number"
        ) from None
