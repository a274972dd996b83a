"""`keras-qlae evaluate`."""

from pathlib import Path

import click

from keras_qlae import runs
from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.scores import print_scores


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--metrics",
    type=click.Choice(["infomec", "all"]),
    default="infomec",
    show_default=True,
    help="infomec: InfoMEC and PSNR. all: also MIG, DCI, SAP, modularity, "
    "explicitness, IRS, FactorVAE and SSIM; the trees of DCI take half a "
    "minute to two minutes on 10,000 images.",
)
@backend_option
def evaluate(directory: Path, metrics: str) -> None:
    """Score the trained model of a run again, on the same images.

    DIRECTORY is what `keras-qlae train` wrote; the images are those of its
    `--protocol`, by default held out. The model may be loaded on another
    backend than it was trained on.
    """
    run = runs.RunDirectory(directory)
    runs.evaluate(run, every_metric=metrics == "all")
    print_scores(run)
