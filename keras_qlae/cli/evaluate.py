"""`keras-qlae evaluate`."""

from pathlib import Path

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.imports import dataset_option
from keras_qlae.cli.imports import imports_option
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--metrics",
    default="infomec",
    show_default=True,
    metavar="infomec|all|MODULE:NAME",
    help="infomec: InfoMEC and PSNR. all: also conditional InfoMEC, MIG, DCI, "
    "SAP, modularity, explicitness, IRS, FactorVAE, MCC, R2 and SSIM. "
    "MODULE:NAME: also your own metric, a function of factors and latents that "
    "returns a number; several with commas between them.",
)
@json_option
@dataset_option
@imports_option
@backend_option
def evaluate(
    directory: Path,
    metrics: str,
    as_json: bool,
    dataset: str | None,
    imports: tuple[str, ...],
) -> None:
    """Score the trained model of a run again, on the same images.

    DIRECTORY was written by `keras-qlae train`. The images are those of its
    `--protocol`, by default held out. The backend may differ from that of
    training.
    """
    from keras_qlae import runs
    from keras_qlae.cli.scores import print_scores

    wanted = metrics.split(",")
    runs.evaluate(
        directory,
        every_metric="all" in wanted,
        dataset=dataset,
        imports=imports,
        metrics=[name for name in wanted if name not in ("all", "infomec")],
    )
    run = runs.RunDirectory(directory)
    if as_json:
        print_json(run.read_scores().to_dict())
    else:
        print_scores(run)
