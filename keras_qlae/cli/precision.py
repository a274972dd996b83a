"""The option for the precision of the networks."""

import click

precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "mixed_float16"]),
    default="float32",
    show_default=True,
    help="Precision of the networks (Keras dtype policy).",
)
