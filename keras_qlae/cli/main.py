"""The command `keras-qlae`."""

import sys

import click

from keras_qlae.cli.compare import compare
from keras_qlae.cli.datasets import datasets
from keras_qlae.cli.evaluate import evaluate
from keras_qlae.cli.export import export
from keras_qlae.cli.figures import figures
from keras_qlae.cli.settings import as_options
from keras_qlae.cli.train import train
from keras_qlae.cli.tune import tune
from keras_qlae.recipes import SettingError


class _Group(click.Group):
    """Shows the errors a user can mend as one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:  # a RuntimeError, but no error: --help
            raise
        except (
            ValueError,
            OSError,
            ImportError,
            RuntimeError,
            FloatingPointError,
        ) as error:
            if ctx.params.get("traceback"):
                raise
            message = as_options(ctx, _message(error))
            if isinstance(error, SettingError):
                raise click.UsageError(message, ctx) from error
            raise click.ClickException(
                f"{message}\n(`keras-qlae --traceback ...` shows where "
                "in the code.)"
            ) from error


def _message(error: Exception) -> str:
    """What went wrong; for a file, which one."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror


@click.group(
    cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--traceback", is_flag=True, help="Show where in the code an error arose."
)
@click.version_option(package_name="keras-qlae")
def main(traceback: bool) -> None:
    """Learns disentangled representations by latent quantization.

    Start with `keras-qlae train`: it trains a small model on the embedded data
    set, with no download, and writes scores, figures and a report.
    """


for command in (train, compare, tune, evaluate, figures, export, datasets):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
