"""Options for what is not in a run's directory: modules and images."""

import click

imports_option = click.option(
    "--import",
    "imports",
    multiple=True,
    metavar="MODULE",
    help="Your own module that the run needs, for its latents, networks or "
    "data set. Importing a module runs its code: name only one you trust.",
)

dataset_option = click.option(
    "--dataset",
    metavar="NAME|FOLDER|FILE",
    help="The data set that the run was trained on, if it was moved.",
)
