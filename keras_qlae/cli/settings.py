"""Settings of recipes as options: `--num-values 8`, `--latent.num-values 8`.

It is the same for `train`, `compare` and `tune`: every option that the command
itself does not have is a setting of the recipe, or the name of a part.
"""

import re
import sys
import tomllib
from typing import Any

import click

_KEY = "keras_qlae.settings"
_RECIPE = "keras_qlae.recipe"
# Arguments in Python whose options have different names.
_ELSEWHERE = {
    "callbacks": "callback",
    "imports": "import",
    "max_trials": "trials",
    "parallel": "jobs",
    "ranges": "search",
}

# What the random generators of all backends take.
SEED = click.IntRange(0, 2**32 - 1)


class RecipeCommand(click.Command):
    """A command that takes settings of recipes as options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {
            option
            for parameter in self.get_params(ctx)
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        rest, settings = _separated(args, known)
        ctx.meta[_KEY] = settings
        ctx.meta[_RECIPE] = _value_of("--recipe", rest)
        return super().parse_args(ctx, rest)

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        super().format_options(ctx, formatter)
        _write_recipes(formatter)
        if any(parameter.name == "recipe" for parameter in self.params):
            _write_settings(ctx, formatter)


def settings_of(ctx: click.Context) -> dict[str, Any]:
    """The settings that were given, by name, with numbers and lists parsed."""
    return {name: literal(text) for name, text in ctx.meta[_KEY].items()}


def options_of(ctx: click.Context) -> list[str]:
    """The settings that were given, as options again."""
    return [
        f"--{name.replace('_', '-')}={text}"
        for name, text in ctx.meta[_KEY].items()
    ]


def literal(text: str) -> Any:
    """Parses a number, `true`, `false`, a list or `none`; else returns text."""
    if text.lower() == "none":
        return None
    try:
        value = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    found = value["value"] if list(value) == ["value"] else text
    return found if isinstance(found, bool | int | float | list) else text


def as_options(ctx: click.Context, message: str) -> str:
    """Replaces arguments in a message with options of the command line.

    Arguments are in back-ticks, and received values are `name=value`.
    """
    options = _options(ctx)
    for name in sorted(options, key=len, reverse=True):
        option = options[name]
        own = re.escape(name.replace("-", "_"))
        message = re.sub(rf"([`'\"]){own}\1", rf"\1{option}\1", message)
        message = re.sub(rf"(?<![\w.=]){own}=", f"{option} ", message)
    return message


def _separated(
    args: list[str], known: set[str]
) -> tuple[list[str], dict[str, str]]:
    """Separates the arguments of the command from the settings."""
    rest, settings = [], {}
    left = list(args)
    while left:
        word = left.pop(0)
        if word == "--":
            rest += [word, *left]
            break
        option, has_value, value = word.partition("=")
        if not option.startswith("--") or option in known:
            rest.append(word)
            continue
        name = option[2:].replace("-", "_")
        if not has_value and left and not left[0].startswith("--"):
            value = left.pop(0)
        elif not has_value:
            value = "false" if name.startswith("no_") else "true"
            name = name.removeprefix("no_")
        settings[name] = value
    return rest, settings


def _value_of(option: str, args: list[str]) -> str | None:
    """The value of an option among arguments that are not parsed yet."""
    for i, word in enumerate(args):
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
        if word == option and i + 1 < len(args):
            return args[i + 1]
    return None


def _options(ctx: click.Context) -> dict[str, str]:
    """The options of the command that ran, as typed, by their name in Python.

    They include settings, which are shown with their seat if typed so.
    """
    command = None
    if isinstance(ctx.command, click.Group) and ctx.invoked_subcommand:
        command = ctx.command.get_command(ctx, ctx.invoked_subcommand)
    found = _own_options(command)
    found |= {k: found[v] for k, v in _ELSEWHERE.items() if v in found}
    if _KEY not in ctx.meta:
        return found
    from keras_qlae import recipes
    from keras_qlae.recipes.names import known_names
    from keras_qlae.recipes.parts import SEATS

    names = {*ctx.meta[_KEY], *SEATS}
    recipe = ctx.meta[_RECIPE] or "qlae"
    if "keras" not in sys.modules:  # the settings of a recipe would load it
        names |= known_names()
    elif recipe in recipes.available():
        settings = recipes.get(recipe).settings
        names |= {full.rpartition(".")[2] for full in settings} | {*settings}
    for name in names:
        typed = [t for t in ctx.meta[_KEY] if t.rpartition(".")[2] == name]
        shown = typed[0] if len(typed) == 1 else name
        found[name] = "--" + shown.replace("_", "-")
    return found


def _own_options(command: click.Command | None) -> dict[str, str]:
    """The options of a command, or of all commands of a group."""
    if isinstance(command, click.Group):
        own = [_own_options(each) for each in command.commands.values()]
        return {name: option for each in own for name, option in each.items()}
    return {
        option.removeprefix("--").replace("-", "_"): option
        for parameter in (command.params if command else ())
        for option in parameter.opts
        if option.startswith("--")
    }


def _write_recipes(formatter: click.HelpFormatter) -> None:
    """Writes the names and summaries of the recipes."""
    from keras_qlae import recipes

    with formatter.section("Recipes"):
        formatter.write_dl(
            [(name, recipes.summary(name)) for name in recipes.available()]
        )


def _write_settings(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Writes the settings of the recipe that was named, part by part.

    They come from the parts, which need Keras. If no recipe was named, a line
    explains how to see them.
    """
    from keras_qlae import recipes

    formatter.write_paragraph()
    name = ctx.meta.get(_RECIPE)
    if name is None:
        formatter.write_text(
            f"{ctx.command_path} --recipe qlae --help lists the settings of a "
            "recipe. Each is an option."
        )
        return
    recipe = recipes.get(name)
    formatter.write_text(
        f"Settings of the recipe {name} ({recipe.summary}) A setting that "
        "several parts have is set for all of them; --encoder.size sets it "
        "for one. --latent NAME and the like choose another part, by its name "
        "or as module:name for your own."
    )
    for part in recipe.parts:
        rows = [
            (
                f"--{setting.name.replace('_', '-')}",
                f"{setting.help}  [{_shown(setting.default)}]",
            )
            for setting in recipe.settings.values()
            if setting.seat == part.label
        ]
        with formatter.section(f"--{part.label} {part.name}".rstrip()):
            formatter.write_dl(rows or [("", "no settings")])


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
