"""`keras-qlae tune`."""

import shlex
from pathlib import Path

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.cli.json import quiet_if
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.scheduler import scheduler_option
from keras_qlae.cli.settings import SEED
from keras_qlae.cli.settings import RecipeCommand
from keras_qlae.cli.settings import settings_of
from keras_qlae.cli.tracking import callbacks_of
from keras_qlae.cli.tracking import tracking_options

_ALGORITHMS = ("random", "bayesian", "hyperband")


@click.command(cls=RecipeCommand)
@click.option(
    "--recipe",
    default="qlae",
    show_default=True,
    help="Model and settings; the recipes are listed below.",
)
@click.option(
    "--dataset",
    default="room3d",
    show_default=True,
    help="Data set: see `keras-qlae train --help`.",
)
@click.option(
    "--search",
    "searched",
    multiple=True,
    metavar="NAME[=LOW:HIGH]",
    help="A setting to search, which must be a number, such as "
    "--search kl_weight=0.1:10. Give it several times to search several.  "
    "[default: weight_decay and num_values, or the latent's weight]",
)
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="NAME[=WEIGHT]",
    help="What is maximized; if given several times, the weighted sum, as in "
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
    help="Number of trials; Hyperband determines it itself.",
)
@click.option(
    "--baseline/--no-baseline",
    default=True,
    help="Whether the first trial is the recipe itself, for comparison; "
    "without weight decay if that is searched.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder. Defaults to runs/tune-RECIPE-DATASET-ALGORITHM.",
)
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Trials at a time. Several run in separate processes, with the cores "
    "and the GPUs divided among them.",
)
@scheduler_option
@precision_option
@json_option
@tracking_options
@backend_option
@click.pass_context
def tune(
    ctx: click.Context,
    recipe: str,
    dataset: str,
    searched: tuple[str, ...],
    objectives: tuple[str, ...],
    algorithm: str,
    trials: int,
    baseline: bool,
    directory: Path | None,
    seed: int,
    jobs: int,
    scheduler: str | None,
    precision: str,
    as_json: bool,
) -> None:
    """Search for good settings of a recipe with Keras Tuner.

    Every setting of the recipe is an option, for its value in all trials
    unless it is searched. After a crash or a kill the same command resumes in
    the middle of the trial. The best trial is copied to DIRECTORY/best, a run
    directory like any other.
    """
    from keras_qlae import recipes

    chosen = recipes.get(recipe, dataset, settings_of(ctx))

    from keras_qlae import tuning  # after a first look at the settings
    from keras_qlae.cli.command_line import command_of
    from keras_qlae.runs import RunDirectory
    from keras_qlae.runs import execution
    from keras_qlae.runs.data import folder_of

    place = folder_of(dataset)
    directory = directory or Path("runs", f"tune-{recipe}-{place}-{algorithm}")
    executor = execution.cluster_executor(scheduler) if scheduler else None
    try:
        with quiet_if(as_json):
            rows = tuning.search(
                chosen,
                directory,
                dataset,
                dict(map(_range, searched)),
                dict(map(_weight, objectives)) or "val_infom",
                algorithm,
                trials,
                seed,
                precision,
                baseline,
                executor,
                jobs,
                callbacks=callbacks_of(ctx),
            )
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command resumes it.")
        raise SystemExit(130) from None
    if as_json:
        print_json(rows)
        return
    table = (directory / "results.md").read_text(encoding="utf-8")
    click.echo(f"\n{table}")
    failed = sum(row["status"] == "FAILED" for row in rows)
    if failed:
        click.echo(f"{failed} of {len(rows)} trials failed.", err=True)
    click.echo(f"Figures: {directory / 'figures'}")
    click.echo(f"Best model: {directory / 'best'}")
    best = RunDirectory(directory / "best")
    if best.config.exists():
        file = shlex.quote(str(best.config))
        click.echo(
            "\nTo train with these settings again, with other steps, seeds or "
            "data, use one of\n"
            f"  keras-qlae train --config {file} --directory runs/best\n"
            f"  {command_of(best.read_config())} --directory runs/best"
        )


def _range(option: str) -> tuple[str, tuple[float, float] | None]:
    name, is_given, text = option.partition("=")
    if not is_given:
        return name, None
    low, _, high = text.partition(":")
    return name, (_number(low, option), _number(high, option))


def _weight(option: str) -> tuple[str, float]:
    name, is_given, text = option.partition("=")
    return name, _number(text, option) if is_given else 1.0


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} in {option!r} is not a number"
        ) from None
