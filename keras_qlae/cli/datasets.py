"""`keras-qlae datasets`."""

from pathlib import Path
from typing import Any

import click

from keras_qlae import datasets as library
from keras_qlae.cli.json import json_option
from keras_qlae.cli.json import print_json
from keras_qlae.datasets import DatasetInfo
from keras_qlae.datasets import FactorDataset
from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
from keras_qlae.datasets.registry import is_path
from keras_qlae.datasets.store import PREPARE_MEMORY
from keras_qlae.datasets.store import VARIABLE
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import default_data_dir
from keras_qlae.datasets.store import gigabytes
from keras_qlae.datasets.store import open_store

_data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=(
        f"Folder of all data sets. Defaults to ${VARIABLE}, or if that is not "
        "set to ~/.keras/datasets/keras_qlae."
    ),
)
_image_size = click.option(
    "--image-size",
    type=int,
    default=DEFAULT_SIZE,
    show_default=True,
    help="Height and width of the images.",
)


@click.group()
def datasets() -> None:
    """Show and prepare data sets for training."""


@datasets.command("list")
@_data_dir
@json_option
def list_datasets(data_dir: Path | None, as_json: bool) -> None:
    """List the data sets, one per line."""
    if as_json:
        infos = map(library.info, library.available())
        print_json([_known(e) | {"state": _state(e, data_dir)} for e in infos])
        return
    for name in library.available():
        entry = library.info(name)
        click.echo(
            f"{name:<16} {entry.num_values:>9,}  "
            f"{_state(entry, data_dir):<17}  {entry.summary}"
        )


def _state(entry: DatasetInfo, data_dir: Path | None) -> str:
    """What is needed before the data set can be used for training."""
    if not entry.files:
        return "embedded"
    store = open_store(entry, data_dir)
    if store.damage:
        return "damaged: see info"
    if store.is_prepared:
        return "prepared"
    return f"needs {gigabytes(store.needed_bytes)} disk"


@datasets.command("info")
@click.argument("name")
@_data_dir
@_image_size
@json_option
def show_info(
    name: str, data_dir: Path | None, image_size: int, as_json: bool
) -> None:
    """Show factors, size, licence and citation of the data set NAME.

    Also show what is on the disk, and what `prepare` needs. NAME may be a
    folder or a ZIP archive of images, or an .npz file: its images are read,
    and resized to --image-size, or its vectors.
    """
    if is_path(name):
        _show_own(library.load(name, image_size=image_size), as_json)
        return
    entry = library.info(name)
    if as_json:
        print_json(_known(entry) | {"state": _state(entry, data_dir)})
        return
    height, width, channels = entry.image_shape
    click.echo(f"{entry.name}: {entry.summary}\n\n{entry.description}\n")
    click.echo(f"images    {entry.num_values:,} of {height}x{width}x{channels}")
    for i, (factor, size) in enumerate(entry.factors.items()):
        click.echo(f"{'factors' if i == 0 else '':<9} {factor} {size}")
    for option, meaning in entry.options.items():
        click.echo(f"option    {option}: {meaning}")
    click.echo(f"licence   {entry.licence}")
    click.echo(f"citation  {entry.citation}")
    if entry.homepage:
        click.echo(f"homepage  {entry.homepage}")
    if entry.files:
        _show_disk(open_store(entry, data_dir, image_size))


def _known(entry: DatasetInfo) -> dict[str, Any]:
    """What is known about a data set, as plain values."""
    return {
        "name": entry.name,
        "summary": entry.summary,
        "num_images": entry.num_values,
        "image_shape": entry.image_shape,
        "factors": entry.factors,
        "licence": entry.licence,
        "citation": entry.citation,
        "homepage": entry.homepage,
        "options": entry.options,
        "download_bytes": entry.download_bytes,
    }


def _show_own(data: FactorDataset, as_json: bool) -> None:
    """Shows the data set in a folder or a file."""
    sizes = dict(zip(data.factor_names, data.factor_sizes, strict=True))
    known = {
        "name": data.name,
        "num_images": len(data),
        "image_shape": data.image_shape,
        "factors": sizes,
        "fingerprint": data.fingerprint(),
    }
    if as_json:
        print_json(known)
        return
    shape = "x".join(map(str, data.image_shape))
    click.echo(
        f"{data.name}\n\nimages      {len(data):,}, here resized to {shape} "
        "(--image-size)"
        if data.has_images
        else f"{data.name}\n\nvectors     {len(data):,} of {shape}"
    )
    for i, (factor, size) in enumerate(sizes.items()):
        click.echo(f"{'factors' if i == 0 else '':<11} {factor} {size}")
    if not data.has_factors:
        click.echo(
            "factors     none known: models are trained on the data and not "
            "scored, and --num-latents must be given"
        )
    of_what = "images of this size" if data.has_images else "the vectors"
    click.echo(f"fingerprint {data.fingerprint()} of {of_what}")


def _show_disk(store: Store) -> None:
    """Shows what is on the disk, and what is needed."""
    for file in store.info.files:
        path = store.raw(file)
        if path.exists():
            click.echo(f"file      {path}, available")
        elif store.tfds_copy is not None:
            click.echo(f"file      {path}, not needed")
        else:
            click.echo(f"file      {path}, to be downloaded from {file.url}")
    if store.tfds_copy is not None:
        click.echo(f"from tfds {store.tfds_copy}, used instead of files")
    there = "available" if store.is_prepared else "not available"
    if store.damage:
        there = f"damaged, delete it: {store.damage}"
    click.echo(f"prepared  {store.prepared}, {there}")
    click.echo(
        f"disk      {gigabytes(store.prepared_bytes)} of images, "
        f"{gigabytes(store.info.download_bytes)} of downloads at most; "
        f"{gigabytes(store.needed_bytes)} more are needed, "
        f"{gigabytes(store.free_bytes)} free"
    )
    click.echo(
        f"memory    {gigabytes(PREPARE_MEMORY)} to prepare; training is "
        f"fastest with {gigabytes(store.prepared_bytes)} free"
    )


@datasets.command("prepare")
@click.argument("name")
@_data_dir
@_image_size
@click.option("--quiet", is_flag=True, help="No progress bars.")
def prepare(
    name: str, data_dir: Path | None, image_size: int, quiet: bool
) -> None:
    """Download the data set NAME and prepare it for training.

    NAME is one of `keras-qlae datasets list`, or tfds:NAME for any data set of
    TensorFlow Datasets that has images: tfds:mnist, tfds:eurosat/rgb, or one
    split, such as tfds:stl10@train.

    Images are decoded and resized once. After a crash or a kill, the same
    command resumes where it stopped. Without a network, it prints where to
    put the files.
    """
    folder = library.prepare(
        name, data_dir, image_size, show_progress=not quiet
    )
    click.echo(f"`{name}` is ready in {folder}.")
    if data_dir and data_dir != default_data_dir():
        click.echo(
            f"Set {VARIABLE}={data_dir.absolute()} so that `keras-qlae train` "
            "finds it."
        )
    downloads = folder.parent / "downloads"
    if downloads.exists():
        click.echo(f"The files in {downloads} may be deleted.")
