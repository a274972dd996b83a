"""Scores as a person reads them."""

import click

from keras_qlae.runs import RunDirectory
from keras_qlae.runs.files import read_json
from keras_qlae.runs.reporting import score_rows
from keras_qlae.runs.reporting import scored_images


def print_scores(run: RunDirectory) -> None:
    """Prints the scores of a finished run."""
    scores = read_json(run.scores)
    click.echo(f"On {scored_images(run)}:")
    for name, value, meaning in score_rows(scores):
        click.echo(f"  {name:<7} {value:<10} {meaning}")
