"""No command writes, changes or deletes a file outside of its directory."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import recipes
from keras_qlae.cli.main import main
from keras_qlae.runs import execution
from keras_qlae.runs import reporting
from tests.cases import slow
from tests.datasets.fakes import fake
from tests.hostile.tools import is_short
from tests.hostile.tools import refused
from tests.hostile.tools import tree
from tests.runs.small import SETTINGS

pytestmark = pytest.mark.one_backend

SMALL = [
    f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()
]
_AUTOGRAPH = "__autograph_generated_file"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's files, all places that a process writes to among them."""
    home = tmp_path / "home"
    for name in ("work", "tmp", ".keras", "runs-of-mine"):
        (home / name).mkdir(parents=True)
        (home / name / "mine.txt").write_text("mine")
        (home / name / ".mine.old").write_text("mine")
    monkeypatch.setenv("HOME", str(home))
    (home / ".keras" / "keras.json").write_text("{}")  # or Keras writes it
    # Where Matplotlib keeps a list of fonts, in a process of its own.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(home / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(home / "work")
    return home


@pytest.fixture
def call(home):
    """Calls a command and watches the whole tree."""

    def call(target, *arguments, code=0):
        before = tree(home)
        result = CliRunner().invoke(main, list(map(str, arguments)))
        assert result.exit_code == code, result.output
        after = tree(home)
        for path, content in before.items():
            if not path.is_relative_to(target):
                assert after.get(path) == content, path
        # Those of TensorFlow in the temporary folder go with its process.
        new = [p for p in after if p not in before and _AUTOGRAPH not in p.name]
        assert all(path.is_relative_to(target) for path in new), new
        return result.output

    return call


@pytest.fixture
def trained(whole_run, home):
    """A run with a person's files in it."""
    path = home / "work" / "run"
    shutil.copytree(whole_run.path, path)
    for name in ("notes.txt", ".notes.old", "figures/mine.png", "encoder.txt"):
        (path / name).write_text("mine")
    return path


def mine(folder):
    """The person's files: those that hold just this."""
    return {path for path, text in tree(folder).items() if text == b"mine"}


def test_train(call, home):
    target = home / "work" / "runs" / "new"
    call(target, "train", f"--directory={target}", "--quiet", *SMALL)
    assert (target / "model.keras").exists()


def test_train_on(call, trained):
    before = mine(trained)
    steps = [*SMALL, "--steps=8"]
    call(trained, "train", f"--directory={trained}", "--quiet", *steps)
    assert mine(trained) == before


def test_train_refuses_a_folder_of_other_files(call, home):
    folder = home / "runs-of-mine"
    nothing = home / "nothing"
    output = call(nothing, "train", f"--directory={folder}", *SMALL, code=1)
    assert "has no run" in output
    assert is_short(output)


VECTORS = np.ones((40, 3), "float32")
FILES = {
    "a pickle": ({"vectors": np.array([Path()], object)}, "unpickling"),
    "NaN": ({"vectors": VECTORS * np.nan}, "NaN or infinity in row 0"),
    "text": ({"vectors": VECTORS.astype(str)}, "must be float"),
    "images too": ({"vectors": VECTORS, "images": VECTORS}, "holds both"),
    "factors of nobody": ({"vectors": VECTORS, "factors": [[1]]}, "1 rows"),
    "cut": ({"vectors": VECTORS}, "or it is damaged"),
}


@pytest.mark.parametrize("damage", FILES)
def test_vectors_of_a_stranger(call, home, damage):
    arrays, message = FILES[damage]
    path = home / "work" / "mine.npz"
    np.savez(path, **arrays)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    options = ("--recipe=qlae-vectors", f"--dataset={path}", "--num-latents=3")
    output = call(home / "nothing", "train", *options, code=1)
    assert message in output
    assert is_short(output)


@pytest.mark.parametrize(
    "command",
    [["evaluate"], ["figures"], ["explore", "--no-open"], *slow(["export"])],
    ids=lambda command: command[0],
)
def test_commands_that_read_a_run(call, trained, loaded, command):
    before = mine(trained)
    call(trained, command[0], trained, *command[1:])
    assert mine(trained) == before


@pytest.mark.slow
def test_export_to_a_folder_of_ones_own(call, home, trained, loaded):
    target = home / "work" / "exported"
    arguments = ["export", trained, f"--output={target}"]
    call(target, *arguments)
    (target / "mine.txt").write_text("mine")
    for folder in (target, home / "runs-of-mine"):
        arguments[-1] = f"--output={folder}"
        output = call(home / "nothing", *arguments, code=1)
        assert "exists and is not an export" in output
        assert is_short(output)


@pytest.fixture
def in_process(monkeypatch):
    """Runs of comparisons train in this process, which is quicker."""

    def execute(task, log, environment):
        with execution.open_to_append(Path(log)) as file:
            file.write("trained\n")
        execution.execute(task, verbose=0)
        return execution.Outcome(0, [])

    monkeypatch.setattr(execution, "execute_apart", execute)
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])


def compare(target):
    return [
        "compare",
        "qlae",
        f"--directory={target}",
        "--seeds=0",
        *SMALL,
    ]


def test_compare(call, home, in_process):
    target = home / "work" / "comparison"
    call(target, *compare(target))
    assert (target / "table.md").exists()


@pytest.mark.parametrize(
    "name", ["room3d", "room3d/qlae", "room3d/qlae/seed-0"]
)
def test_compare_follows_no_link(call, home, in_process, name):
    target = home / "work" / "comparison"
    link = target / name
    link.parent.mkdir(parents=True)
    link.symlink_to(home / "runs-of-mine")
    output = call(home / "nothing", *compare(target), code=1)
    assert "is a link" in output
    assert is_short(output)


def test_tune(call, home, monkeypatch):
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])
    target = home / "work" / "search"
    arguments = ["--trials=1", "--search=weight_decay", *SMALL]
    call(target, "tune", f"--directory={target}", *arguments)
    assert (target / "best" / "model.keras").exists()


def test_datasets_prepare(call, home, monkeypatch):
    target = home / "work" / "data"
    fake(monkeypatch, target, "mpi3d")
    output = call(
        target, "datasets", "prepare", "mpi3d", f"--data-dir={target}"
    )
    assert list(target.rglob("images.npy")), output


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_log_does_not_follow_a_link(tmp_path, kind):
    """In a comparison or search of somebody else."""
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("years of work")
    log = tmp_path / "seed-0.log"
    if kind == "link":
        log.symlink_to(thesis)
    else:
        os.mkfifo(log)
    task = execution.Task.of(
        tmp_path / "seed-0", recipes.get("qlae"), "room3d", 0, "float32"
    )
    refused(
        lambda: execution.execute_apart(task, str(log), {}),
        "is a link|not an ordinary file",
    )
    assert thesis.read_text() == "years of work"
