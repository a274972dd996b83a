"""The command `keras-qlae`."""

import importlib
import sys

import click

from keras_qlae.cli.quiet import be_quiet
from keras_qlae.files import FileContentError
from keras_qlae.hints import UnknownNameError
from keras_qlae.hints import hint

# Each command with its line in the list. Its file of the same name is imported
# when it is called; its function imports Keras, which takes seconds.
_COMMANDS = {
    "train": "Train a model, score it and draw what it learned.",
    "compare": "Train several models over several seeds and compare them.",
    "tune": "Search for good settings of a recipe with Keras Tuner.",
    "list": "List runs, one per line.",
    "show": "Show the progress, scores and settings of a run.",
    "evaluate": "Score the trained model of a run again.",
    "figures": "Draw the figures of a finished run again.",
    "explore": "Explore the trained model of a run in a browser.",
    "export": "Export the trained model of a run.",
    "datasets": "Show and prepare data sets for training.",
}


class _Group(click.Group):
    """Imports a command when it is called; shows errors as one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        if name not in _COMMANDS:
            ctx.fail(f"No such command {name!r}.{hint(name, _COMMANDS)}")
        module = importlib.import_module(f"keras_qlae.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        # Not errors: `--help` (a RuntimeError) and `keras-qlae ... | head`.
        except (click.exceptions.Exit, BrokenPipeError):
            raise
        except (
            ValueError,
            OSError,
            ImportError,
            RuntimeError,
            FloatingPointError,
            MemoryError,
        ) as error:
            if ctx.params.get("traceback"):
                raise
            raise _shown(error, ctx) from error


class _RefusedError(click.ClickException):
    """Raised for a setting that was refused before anything was done."""

    exit_code = 2


def _shown(error: Exception, ctx: click.Context) -> click.ClickException:
    """Converts an error to one message without a traceback."""
    from keras_qlae.cli.settings import as_options
    from keras_qlae.recipes import SettingError

    message = _message(error)
    if not isinstance(error, FileContentError):
        message = as_options(ctx, message)
    if isinstance(error, SettingError | UnknownNameError):
        return _RefusedError(message)
    lines = message.splitlines()
    if len(lines) > 12:
        lines = [*lines[:6], "...", *lines[-5:]]
    return click.ClickException(
        "\n".join(lines)
        + "\n(`keras-qlae --traceback ...` shows the place in the code.)"
    )


def _message(error: Exception) -> str:
    """The message of an error; for a file, with its name."""
    if isinstance(error, MemoryError):
        return f"There is not enough memory. {error}".strip()
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror


@click.group(
    cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--traceback", is_flag=True, help="Show the traceback of an error."
)
@click.version_option(package_name="keras-qlae")
def main(traceback: bool) -> None:
    """Learn disentangled representations by latent quantization.

    Start with `keras-qlae train`: it trains a small model on the embedded data
    set, without a download, and writes scores, figures and a report.
    """
    be_quiet()


if __name__ == "__main__":
    sys.exit(main())
