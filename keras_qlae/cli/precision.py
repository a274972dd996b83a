"""The option that chooses the arithmetic."""

import click

precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "mixed_float16"]),
    default="float32",
    show_default=True,
    help="Arithmetic of the networks.",
)
