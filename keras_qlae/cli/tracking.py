"""Options that name the callbacks of runs: trackers, and code of one's own."""

from typing import Any

import click

_KEY = "keras_qlae.callbacks"


def _note(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keeps what was given, in the order of the options below."""
    names = value if isinstance(value, tuple) else [parameter.name] * value
    ctx.meta[_KEY] = [*ctx.meta.get(_KEY, ()), *names]


def callbacks_of(ctx: click.Context) -> list[str]:
    """The names of the callbacks that were asked for, as `runs.train` takes."""
    return list(ctx.meta.get(_KEY, ()))


def tracking_options(command: Any) -> Any:
    """Adds `--tensorboard`, `--wandb`, `--mlflow`, `--callback` to a command.

    `callbacks_of` reads them.
    """
    flags = {
        "tensorboard": "Log to RUN/tensorboard: `tensorboard --logdir runs`.",
        "wandb": "Log to Weights & Biases, as WANDB_PROJECT and so on say.",
        "mlflow": "Log to MLflow, as MLFLOW_TRACKING_URI and so on say.",
    }
    command = click.option(
        "--callback",
        multiple=True,
        metavar="MODULE:NAME",
        callback=_note,
        expose_value=False,
        help="A Keras callback of your own: a class or function that makes "
        "one. Several times for several.",
    )(command)
    for name, text in reversed(flags.items()):
        command = click.option(
            f"--{name}",
            is_flag=True,
            callback=_note,
            expose_value=False,
            help=text,
        )(command)
    return command
