"""Options that name the callbacks of runs: trackers, and your own code."""

from typing import Any

import click

_KEY = "keras_qlae.callbacks"


def _note(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Records what was given, in the order of the options below."""
    names = value if isinstance(value, tuple) else [parameter.name] * value
    ctx.meta[_KEY] = [*ctx.meta.get(_KEY, ()), *names]


def callbacks_of(ctx: click.Context) -> list[str]:
    """The names of the requested callbacks, as `runs.train` takes them."""
    return list(ctx.meta.get(_KEY, ()))


def tracking_options(command: Any) -> Any:
    """Adds `--tensorboard`, `--wandb`, `--mlflow`, `--callback` to a command.

    `callbacks_of` reads them.
    """
    flags = {
        "tensorboard": "Log to RUN/tensorboard: `tensorboard --logdir runs`.",
        "wandb": "Log to Weights & Biases; see WANDB_PROJECT and so on.",
        "mlflow": "Log to MLflow; see MLFLOW_TRACKING_URI and so on.",
    }
    command = click.option(
        "--callback",
        multiple=True,
        metavar="MODULE:NAME",
        callback=_note,
        expose_value=False,
        help="Your own Keras callback: a class or function that makes one. "
        "Give it several times for several.",
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
