"""Documents are complete, and their links and commands are right.

`make docs` builds the site and runs the tutorials; here nothing is built.
"""

import re
import shlex
import sys
from pathlib import Path

import click
import pytest

import keras_qlae
from keras_qlae import recipes
from keras_qlae.cli.main import main
from keras_qlae.recipes.names import known_names

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in (*DOCS.rglob("*.md"), *DOCS.rglob("*.rst"))
    if not {"generated", "tutorials", "_templates"} & {*path.parts}
)
DOCUMENTS = [*PAGES, *ROOT.glob("*.md"), *ROOT.glob("*/README.md")]
SCRIPTS = [*DOCS.rglob("*.py"), *ROOT.glob("benchmarks/*.toml")]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)


def test_every_page_is_in_the_table_of_contents():
    listed = {DOCS / "index"}
    for path in PAGES:
        for block in re.findall(
            r"```\{toctree\}\n(.*?)```", path.read_text(), re.DOTALL
        ):
            listed |= {path.parent / name for name in block.split()}
    left_out = {path.with_suffix("") for path in PAGES} - listed
    assert not left_out


def test_every_public_part_is_on_the_page_of_the_api():
    text = (DOCS / "api.rst").read_text()
    listed = set(re.findall(r"^   keras_qlae\.(\w+)$", text, re.MULTILINE))
    assert listed == set(keras_qlae.__all__)


def test_every_tutorial_has_a_place(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    from generated_text import TUTORIALS

    monkeypatch.delitem(sys.modules, "generated_text")
    scripts = (DOCS / "tutorials").glob("*.py")
    assert {script.name for script in scripts} == set(TUTORIALS)


def test_every_recipe_has_a_source():
    text = (DOCS / "recipes.md").read_text()
    _, table = text.split("## Where the settings come from", 1)
    sources = table.split("## ", 1)[0]
    for name in recipes.available():
        assert f"`{name}`" in sources, name


@each_document
def test_local_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        if target.startswith("generated/"):
            continue  # made while the site is built
        assert (path.parent / target).exists(), target


def commands_in(text):
    """The command lines of `keras-qlae` in a text, as lists of words."""
    text = text.replace("\\\n", " ")
    fenced = re.findall(r"^ *(keras-qlae [^`\n]*)$", text, re.MULTILINE)
    # A benchmark calls commands that are wrong, and says so.
    inline = re.findall(r"`+(keras-qlae [^`]*)`(?! \(a wrong)", text)
    for line in (*fenced, *inline):
        yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("path", [*DOCUMENTS, *SCRIPTS], ids=name_of)
def test_commands_and_options_exist(path):
    for words in commands_in(path.read_text()):
        command, known = main, {"--help"}
        for word in words:
            if isinstance(command, click.Group) and word[0] not in "-.":
                if word.isupper():
                    break
                context = click.Context(command)
                command = command.get_command(context, word)
            known |= {o for p in command.params for o in p.opts}
            known |= {o for p in command.params for o in p.secondary_opts}
            option = word.partition("=")[0]
            if option.startswith("--") and option not in known:
                name = option[2:].replace("-", "_").rpartition(".")[2]
                is_known = name.removeprefix("no_") in known_names()
                assert is_known or ":" in str(words), words


def test_options_that_are_named_without_a_command_exist():
    """As in "give `--resume RUN`"."""
    known = {"--help", "--version", "--traceback"}
    for name in main.list_commands(click.Context(main)):
        command = main.get_command(click.Context(main), name)
        for one in getattr(command, "commands", {"": command}).values():
            known |= {option for each in one.params for option in each.opts}
    for path in PAGES:
        for option in re.findall(r"`(--[a-z][\w-]+)", path.read_text()):
            name = option[2:].replace("-", "_").removeprefix("no_")
            assert option in known or name in known_names(), (path, option)
