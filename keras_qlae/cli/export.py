"""`keras-qlae export`."""

from pathlib import Path

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.imports import imports_option

# As in `keras_qlae.export`, which needs Keras.
_PARTS = ("encoder", "decoder", "autoencoder")
_FORMATS = ("saved_model", "onnx", "litert")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--part",
    type=click.Choice(_PARTS),
    default="encoder",
    show_default=True,
    help="What to export.",
)
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    default="saved_model",
    show_default=True,
    help="SavedModel for TensorFlow and its Serving, ONNX, LiteRT.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The folder to write. Defaults to PART in the run, or PART-FORMAT.",
)
@imports_option
@backend_option
def export(
    directory: Path,
    part: str,
    format: str,
    output: Path | None,
    imports: tuple[str, ...],
) -> None:
    """Export the trained model of a run for use without keras_qlae.

    DIRECTORY was written by `keras-qlae train`. docs/serving.md shows how to
    use the exported model.
    """
    from keras_qlae import runs

    run = runs.RunDirectory(directory)
    click.echo(runs.export(run, output, part, format, imports))
