"""Prints scores for a person."""

import click

from keras_qlae.runs import RunDirectory
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import scored_images


def print_scores(run: RunDirectory) -> None:
    """Prints the scores of a finished run."""
    scores = run.read_scores()
    if not scores.has_infomec:
        click.echo("No InfoMEC: the data set has no factors.")
    click.echo(f"On {scored_images(run)}:")
    rows = score_rows(scores)
    width = max(7, *(len(name) for name, _, _ in rows))
    for name, value, meaning in rows:
        click.echo(f"  {name:<{width}} {value:<10} {meaning}")
