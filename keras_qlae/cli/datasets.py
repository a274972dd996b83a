"""`keras-qlae datasets`."""

import click

from keras_qlae import datasets as library


@click.group()
def datasets() -> None:
    """Show the data sets that can be trained on."""


@datasets.command("list")
def list_datasets() -> None:
    """List the data sets, a line each."""
    for name in library.available():
        click.echo(f"{name:<12} {library.info(name).summary}")


@datasets.command("info")
@click.argument("name")
def show_info(name: str) -> None:
    """Show factors, size, licence and citation of the data set NAME."""
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
