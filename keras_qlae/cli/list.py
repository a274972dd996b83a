"""`keras-qlae list`."""

from pathlib import Path
from typing import Any

import click

from keras_qlae import runs
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.runs import RunDirectory
from keras_qlae.runs.tables import INFOMEC

_HEAD = ("run", "recipe", "data set", "seed", "step", *INFOMEC, "PSNR", "R2")


@click.command("list")
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("runs"),
)
@json_option
def list(folder: Path, as_json: bool) -> None:
    """List the runs in FOLDER and below it, one per line.

    FOLDER defaults to `runs`. Trials of searches and runs of comparisons are
    listed too.
    """
    found = [_known(directory) for directory in runs.find(folder)]
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(f"There are no runs in {folder}.")
        return
    rows = [_HEAD, *(_row(each) for each in found if "error" not in each)]
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]  # there are no vectors
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if len(rows) > 1 else ():
        cells = map(str.ljust, row, widths)
        click.echo("  ".join(cells).rstrip())
    for each in found:
        if "error" in each:
            click.echo(f"{each['path']}: {each['error']}", err=True)


def _known(directory: RunDirectory) -> dict[str, Any]:
    """What is known about a run, or the error if it cannot be read."""
    try:
        return runs.open_run(directory).to_dict()
    except (OSError, ValueError) as error:
        return {"path": str(directory.path), "error": str(error)}


def _row(known: dict[str, Any]) -> tuple[str, ...]:
    config, scores = known["config"], known["scores"] or {}
    names = [*map(str.lower, INFOMEC), "psnr", "reconstruction_r2"]
    dataset = config["dataset"]
    return (
        known["path"],
        config["recipe"],
        Path(dataset).name if Path(dataset).is_absolute() else dataset,
        str(config["seed"]),
        f"{known['step']}/{known['steps']}",
        *(
            f"{scores[name]:{'.2f' if name == 'psnr' else '.3f'}}"
            if scores.get(name) is not None
            else ""
            for name in names
        ),
    )
