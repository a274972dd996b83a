"""The option that lets a run's own modules be imported."""

import click

imports_option = click.option(
    "--import",
    "imports",
    multiple=True,
    metavar="MODULE",
    help="A module of your own that the run needs, for its latents, networks "
    "or data set. Importing a module runs its code: name only one you trust.",
)
