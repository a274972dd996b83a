"""`keras-qlae show`."""

from pathlib import Path

import click

from keras_qlae import runs
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.cli.scores import print_scores
from keras_qlae.runs.tables import setting_rows


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def show(directory: Path, as_json: bool) -> None:
    """Show the progress, scores and settings of a run.

    DIRECTORY was written by `keras-qlae train`; the run may still be training.
    """
    run = runs.open_run(directory)
    if as_json:
        print_json(run.to_dict())
        return
    config = run.config
    state = "finished" if run.is_finished else "not finished"
    click.echo(f"{config.recipe} on {config.dataset}, seed {config.seed}")
    click.echo(
        f"{state}, {run.step:,} of {run.steps:,} steps; backend "
        f"{config.backend}, precision {config.precision}"
    )
    if config.built is not None:
        click.echo(str(config.built))
    if run.directory.scores.exists():
        click.echo()
        print_scores(run.directory)
    click.echo("\nSettings:")
    for part, setting, value, _ in setting_rows(config, {}):
        if part:
            click.echo(f"  {part} {value}".rstrip())
        else:
            click.echo(f"    {setting:<22} {value}".rstrip())
    if run.directory.report.exists():
        click.echo(f"\nReport and figures: {run.directory.report}")
    if not run.is_finished:
        click.echo(f"\nTo resume: keras-qlae train --resume {directory}")
