"""`keras-qlae datasets`."""

from pathlib import Path

import click

from keras_qlae import datasets as library
from keras_qlae.datasets import DatasetInfo
from keras_qlae.datasets.dataset_info import DEFAULT_SIZE
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
        f"Folder of all data sets. Defaults to ${VARIABLE}, or else "
        "~/.keras/datasets/keras_qlae."
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
    """Show and prepare the data sets that can be trained on."""


@datasets.command("list")
@_data_dir
def list_datasets(data_dir: Path | None) -> None:
    """List the data sets, a line each."""
    for name in library.available():
        entry = library.info(name)
        click.echo(
            f"{name:<16} {entry.num_values:>9,}  "
            f"{_state(entry, data_dir):<17}  {entry.summary}"
        )


def _state(entry: DatasetInfo, data_dir: Path | None) -> str:
    """What is needed before the data set can be trained on."""
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
def show_info(name: str, data_dir: Path | None, image_size: int) -> None:
    """Show factors, size, licence and citation of the data set NAME.

    Also what of it is on the disk, and what `prepare` needs.
    """
    entry = library.info(name)
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


def _show_disk(store: Store) -> None:
    """Shows what is on the disk, and what is needed."""
    for file in store.info.files:
        path = store.raw(file)
        if path.exists():
            click.echo(f"file      {path}, there")
        elif store.tfds_copy is not None:
            click.echo(f"file      {path}, not needed")
        else:
            click.echo(f"file      {path}, to be downloaded from {file.url}")
    if store.tfds_copy is not None:
        click.echo(f"from tfds {store.tfds_copy}, taken in place of files")
    there = "there" if store.is_prepared else "not there"
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
    """Download the data set NAME and make it ready to train on.

    NAME is one of `keras-qlae datasets list`, or tfds:NAME of any data set of
    TensorFlow Datasets that has images: tfds:mnist, tfds:eurosat/rgb, one
    split of it as tfds:stl10@train.

    Images are decoded and resized once. After a crash or a kill, the same
    command goes on where it stopped. Without a network, it says where to put
    the files.
    """
    folder = library.prepare(
        name, data_dir, image_size, show_progress=not quiet
    )
    click.echo(f"`{name}` is ready in {folder}.")
    if data_dir and data_dir != default_data_dir():
        click.echo(
            f"Set {VARIABLE}={data_dir.absolute()} for `keras-qlae train` to "
            "find it."
        )
    downloads = folder.parent / "downloads"
    if downloads.exists():
        click.echo(f"The files in {downloads} may be deleted.")
