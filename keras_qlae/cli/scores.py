"""Scores as a person reads them."""

import click

from keras_qlae.runs import RunDirectory
from keras_qlae.runs.files import read_json


def print_scores(run: RunDirectory) -> None:
    """Prints the scores of a finished run."""
    scores = read_json(run.scores)
    rows = [
        ("InfoM", f"{scores['infom']:.3f}", "modularity"),
        ("InfoE", f"{scores['infoe']:.3f}", "explicitness"),
        ("InfoC", f"{scores['infoc']:.3f}", "compactness"),
        ("PSNR", f"{scores['psnr']:.2f} dB", "reconstruction"),
        (
            "active",
            f"{scores['num_active']} of {len(scores['active'])}",
            "latents",
        ),
    ]
    click.echo(f"On {scores['num_samples']} held-out images:")
    for name, value, meaning in rows:
        click.echo(f"  {name:<7} {value:<10} {meaning}")
