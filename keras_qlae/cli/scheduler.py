"""`--scheduler`, in the commands that make several runs."""

import click

scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Address of a Dask scheduler, whose workers do the runs, --jobs at a "
    "time. DIRECTORY must be on a disk that they share.",
)
