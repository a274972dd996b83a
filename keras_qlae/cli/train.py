"""`keras-qlae train`."""

import dataclasses
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.backend import use_backend
from keras_qlae.cli.imports import imports_option
from keras_qlae.cli.precision import precision_option
from keras_qlae.cli.settings import SEED
from keras_qlae.cli.settings import RecipeCommand
from keras_qlae.cli.settings import settings_of
from keras_qlae.cli.tracking import callbacks_of
from keras_qlae.cli.tracking import tracking_options

if TYPE_CHECKING:
    from keras_qlae.runs.configuring import Wanted

_OWN = ("recipe", "dataset", "seed", "precision")  # also in files


@click.command(cls=RecipeCommand)
@click.option(
    "--recipe",
    default="qlae",
    show_default=True,
    help="Model and settings; the recipes are listed below.",
)
@click.option(
    "--dataset",
    default="room3d",
    show_default=True,
    help="Data set: one of `keras-qlae datasets list`. Or a folder or a ZIP "
    "archive of images; with a table factors.csv in it (docs/datasets.md) the "
    "latents are scored. "
    "Or an .npz file with the array images, or vectors for data that are "
    "not images (--recipe qlae-vectors), and, if they are known, factors. Or "
    "a prepared tfds:NAME, or module:name for your own.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the run. Defaults to runs/RECIPE-DATASET-SEED.",
)
@click.option(
    "--seed",
    type=SEED,
    default=0,
    show_default=True,
    help="Seed for initial weights and order of the images.",
)
@click.option(
    "--devices",
    metavar="all|N",
    default="1",
    show_default=True,
    callback=lambda ctx, parameter, value: _number_of(value),
    help="Devices of this machine that share each batch, on TensorFlow and "
    "JAX. Training is the same for any number.",
)
@click.option(
    "--hosts",
    metavar="N|slurm",
    callback=lambda ctx, parameter, value: _hosts_of(value),
    help="Processes that train one model together, each started by the same "
    "command on a host of its own, on JAX. Each reads its share of every "
    "batch; the first writes. slurm: the tasks of srun.",
)
@click.option(
    "--host",
    type=click.IntRange(min=0),
    help="With --hosts N: the number of this one, from 0.",
)
@click.option(
    "--coordinator",
    metavar="ADDRESS:PORT",
    help="With --hosts N: where host 0 is found, on a free port.",
)
@precision_option
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN",
    help="Resume the run in this directory, with its recipe, data set, "
    "settings and backend; with --steps, up to this total.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read everything from a file: TOML as printed by --print-config, or "
    "the config.json of another run. Options replace values of the file.",
)
@click.option(
    "--print-config",
    is_flag=True,
    help="Print all settings as a TOML file for --config, and train nothing.",
)
@click.option(
    "--quiet", is_flag=True, help="No progress bar, only one line per epoch."
)
@tracking_options
@imports_option
@backend_option
@click.pass_context
def train(
    ctx: click.Context,
    /,
    hosts: str | int | None,
    host: int | None,
    coordinator: str | None,
    **options: Any,
) -> None:
    """Train a model, score it and draw what it learned.

    Without arguments it trains QLAE on the embedded data set. After a crash or
    a kill, the same command, or --resume RUN, resumes from the last finished
    epoch. A finished run continues if more --steps are given.

    Every setting of the recipe is an option: `keras-qlae train --recipe NAME
    --help` lists them.
    """
    _check_hosts(hosts, host, coordinator)
    if hosts is None:
        _train(ctx, **options)
        return

    from keras_qlae import backend

    number = hosts if isinstance(hosts, int) else None
    with backend.joined(number, host, coordinator):
        _train(ctx, **options)


def _train(
    ctx: click.Context,
    directory: Path | None,
    devices: int | None,
    resume: Path | None,
    config: Path | None,
    print_config: bool,
    quiet: bool,
    imports: tuple[str, ...],
    **_: Any,
) -> None:
    """Does what the options say."""
    if resume is not None and (config is not None or directory is not None):
        raise click.UsageError(
            "--resume names the run to resume: leave --config and --directory "
            "out."
        )
    wanted = _wanted(ctx, resume, config, imports)

    from keras_qlae import backend  # after a first look at the settings
    from keras_qlae import runs
    from keras_qlae.cli.scores import print_scores
    from keras_qlae.runs import configuring

    if print_config:
        click.echo(configuring.to_toml(wanted.config), nl=False)
        return
    directory = resume or directory or _place(wanted)
    run = runs.RunDirectory(directory)
    if run.is_finished and not backend.host():
        click.echo(f"{directory} is a finished run; checking its settings.")
    try:
        with backend.on_devices(devices):
            run = runs.train(
                directory,
                *wanted,
                verbose=2 if quiet else 1,
                callbacks=[_announcing(wanted, directory), *callbacks_of(ctx)],
            )
    except KeyboardInterrupt:
        again = ["keras-qlae", "train", "--resume", str(directory)]
        if devices != 1:
            again += ["--devices", str(devices or "all")]
        for name in ("hosts", "host", "coordinator"):
            if ctx.params[name] is not None:
                again += [f"--{name}", str(ctx.params[name])]
        for path in wanted.config.foreign_parts:
            again += ["--import", path.partition(":")[0]]
        click.echo(f"\nStopped. Resume it with\n  {shlex.join(again)}")
        raise SystemExit(130) from None
    if backend.host():
        return  # the first has written and says it
    click.echo()
    print_scores(run)
    click.echo(f"\nReport and figures: {run.report}")


def _wanted(
    ctx: click.Context,
    resume: Path | None,
    config: Path | None,
    imports: tuple[str, ...],
) -> "Wanted":
    """What is trained: from a run, from a file or from options only."""
    from keras_qlae import recipes
    from keras_qlae import runs

    settings = settings_of(ctx)
    given = {name: ctx.params[name] for name in _OWN if _is_given(ctx, name)}
    if resume is None and config is None:
        name, *others = (ctx.params[name] for name in _OWN)
        recipe = recipes.get(name, others[0], settings)

        from keras_qlae.runs.configuring import Wanted

        return Wanted(recipe, *others)
    if resume is not None:
        run = runs.open_run(resume, imports=imports)
        if not _is_given(ctx, "backend"):
            use_backend(run.config.backend)
        _ = run.recipe  # raises for an earlier version, or for code

        from keras_qlae.runs.configuring import Wanted

        found = Wanted.of(run.config)
    else:
        from keras_qlae.runs import configuring

        found = configuring.read(
            Path(str(config)),
            given.get("recipe"),
            given.get("dataset"),
            imports,
        )
    if "recipe" in given:
        named = dataclasses.replace(found.recipe, name=given.pop("recipe"))
        found = found._replace(recipe=named)
    recipe = found.recipe.override(settings)
    return found._replace(recipe=recipe, **given)


def _is_given(ctx: click.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


def _place(wanted: "Wanted") -> Path:
    """The default directory of a run."""
    from keras_qlae.runs.data import folder_of

    place = folder_of(wanted.dataset)
    return Path("runs", f"{wanted.recipe.name}-{place}-{wanted.seed}")


def _announcing(wanted: "Wanted", directory: Path) -> Any:
    """Prints what is trained, after all checks."""
    import keras

    recipe = wanted.recipe
    text = (
        f"Training {recipe.name} on {wanted.dataset} for "
        f"{recipe.training.steps} steps in {directory}. {recipe.summary}"
    )
    return keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: click.echo(text)
    )


def _number_of(text: str) -> int | None:
    """A number of devices; `None` for all."""
    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"must be 'all' or at least 1, not {text!r}")
    return int(text)


def _hosts_of(text: str | None) -> str | int | None:
    """A number of hosts, or the name of who knows it."""
    if text is None or text == "slurm":
        return text
    if not text.isdecimal() or int(text) < 2:
        raise click.BadParameter(f"must be 'slurm' or at least 2, not {text!r}")
    return int(text)


def _check_hosts(
    hosts: str | int | None, host: int | None, coordinator: str | None
) -> None:
    """Raises unless the three options fit each other."""
    if isinstance(hosts, int) and (host is None or coordinator is None):
        raise click.UsageError(
            "--hosts needs --host, the number of this one, and --coordinator, "
            "the address and port of host 0."
        )
    if not isinstance(hosts, int) and (host, coordinator) != (None, None):
        raise click.UsageError(
            "--host and --coordinator are for --hosts N. With --hosts slurm, "
            "Slurm sets them: leave them out."
        )
    if isinstance(hosts, int) and host is not None and host >= hosts:
        raise click.UsageError(
            f"--host must be below {hosts}, the number of hosts, not {host}."
        )
    if coordinator is not None and not re.fullmatch(r".+:\d+", coordinator):
        raise click.UsageError(
            "--coordinator must be an address and a port, as 10.0.0.1:1234, "
            f"not {coordinator!r:.100}."
        )
