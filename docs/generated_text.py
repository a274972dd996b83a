"""Text of pages that is made from the package while the site is built.

A line `<!-- generated: NAME -->` of a page is replaced by `TEXTS[NAME]()`.
"""

import functools
import importlib
import re

import click
from click.testing import CliRunner

import keras_qlae
from keras_qlae import datasets
from keras_qlae import metrics
from keras_qlae import recipes
from keras_qlae.cli.main import main
from keras_qlae.files import markdown_table

TUTORIALS = (
    "your_arrays.py",
    "your_images.py",
    "embeddings.py",
    "the_layer.py",
    "comparing.py",
    "tuning.py",
    "exporting.py",
)
# Public names of the package itself that are not modules.
FUNCTIONS = ("export_model", "load", "open_run")


def tutorial_order(name):
    """Where a tutorial stands among the others."""
    return TUTORIALS.index(name)


def parts():
    """The modules of the package that have public names."""
    names = [name for name in keras_qlae.__all__ if name not in FUNCTIONS]
    return [f"keras_qlae.{name}" for name in names]


@functools.cache
def public_names():
    """Every public name in full: `keras_qlae.layers.BioLatent`."""
    names = [f"keras_qlae.{name}" for name in FUNCTIONS]
    for part in parts():
        module = importlib.import_module(part)
        names += [f"{part}.{name}" for name in module.__all__]
    return tuple(names)


@functools.cache
def _short_names():
    """What a text may call a public name, and its full name."""
    short = {}
    for full in public_names():
        name = full.rpartition(".")[2]
        short[full] = short[full.removeprefix("keras_qlae.")] = full
        if name[0].isupper() or "_" in name:  # not `train` or `psnr`
            short.setdefault(name, full)
    return short


def full_name(name):
    """The public name that a text means by `name`, or `None`."""
    return _short_names().get(name)


def insert(app, docname, source):
    """Puts the texts in their places: an event handler of Sphinx."""
    source[0] = re.sub(
        r"<!-- generated: (\w+) -->", lambda m: TEXTS[m[1]](), source[0]
    )


def commands():
    """The help of every command, as it prints it."""
    return "\n\n".join(_help_of([], main))


def _help_of(path, command):
    names = ["keras-qlae", *path]
    done = CliRunner().invoke(
        main, [*path, "--help"], prog_name="keras-qlae", terminal_width=80
    )
    if done.exit_code:
        raise RuntimeError(f"{' '.join(names)} --help: {done.output}")
    yield f"## {' '.join(names)}"
    yield f"```text\n{done.output.strip()}\n```"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _help_of(
                [*path, name], command.get_command(context, name)
            )


def variants():
    """How each score is computed."""
    return markdown_table(("score", "how"), metrics.VARIANTS.items())


def overview():
    """A line for each recipe."""
    rows = [
        (f"[`{name}`](#settings-of-{name})", recipes.summary(name))
        for name in recipes.available()
    ]
    return markdown_table(("recipe", "what it is"), rows)


def for_datasets():
    """Where a recipe has other values for a data set."""
    rows = []
    for name in recipes.available():
        usual = recipes.get(name).settings
        for dataset in datasets.available():
            own = recipes.get(name, dataset).settings
            changed = [
                f"`{each}` {_value(own[each].default)}"
                for each in usual
                if own[each].default != usual[each].default
            ]
            if changed:
                rows.append((f"`{name}`", f"`{dataset}`", ", ".join(changed)))
    return markdown_table(("recipe", "data set", "values"), rows)


def settings():
    """A section for each recipe, with every setting."""
    return "\n\n".join(
        text for name in recipes.available() for text in _settings_of(name)
    )


def _settings_of(name):
    recipe = recipes.get(name)
    parts = ", ".join(f"`{part.name}`" for part in recipe.parts if part.name)
    rows = [
        (f"`{setting.full_name}`", _value(setting.default), setting.help)
        for setting in recipe.settings.values()
    ]
    table = markdown_table(("setting", "value", "meaning"), rows)
    yield f"### Settings of {name}"
    yield f"{recipe.summary} Parts: {parts}."
    yield f":::{{dropdown}} Every setting\n{table}\n:::"


def _value(value):
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


TEXTS = {
    "commands": commands,
    "for_datasets": for_datasets,
    "recipes": overview,
    "settings": settings,
    "variants": variants,
}
