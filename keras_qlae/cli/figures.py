"""`keras-qlae figures`."""

from pathlib import Path

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.imports import dataset_option
from keras_qlae.cli.imports import imports_option


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@dataset_option
@imports_option
@backend_option
def figures(
    directory: Path, dataset: str | None, imports: tuple[str, ...]
) -> None:
    """Draw the figures of a finished run again.

    DIRECTORY was written by `keras-qlae train`.
    """
    from keras_qlae import runs

    for path in runs.draw(directory, dataset, imports):
        click.echo(path)
