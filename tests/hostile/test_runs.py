"""Run directories from a stranger: each damage has a message, and no more."""

import contextlib
import copy
import io
import json
import os
import pickle
import zipfile

import h5py
import keras
import numpy as np
import pytest

from keras_qlae import runs
from keras_qlae.files import MAX_TEXT
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import checkpoints
from keras_qlae.runs.latents import read_latents
from keras_qlae.runs.loading import load_model
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores
from keras_qlae.runs.records import read_codebooks
from tests.hostile.tools import files_read
from tests.hostile.tools import flips
from tests.hostile.tools import is_short
from tests.hostile.tools import refused
from tests.hostile.tools import time_limit
from tests.hostile.tools import tree
from tests.runs.small import recipe

pytestmark = pytest.mark.one_backend

READ = (
    *("config.json", "metrics.csv", "codebooks.json", "infomec.json"),
    *("code_usage.json", "latents.npy"),
)
MESSAGES = {"latents.npy": "damaged: it must be a table of float32"}


# What is in the place of a file -------------------------------------------


@pytest.mark.parametrize("name", [*READ, "model.keras", "sha256.json"])
def test_a_pipe_is_not_waited_for(run, loaded, name):
    (run.path / name).unlink()
    os.mkfifo(run.path / name)
    read = look_at if name == "latents.npy" else lambda run, _: runs.draw(run)
    refused(lambda: read(run, name), "pipe or a device|damaged")


def test_a_pipe_or_a_link_among_the_figures_is_left_out(run, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_text("mine")
    (run.figures / "a.png").symlink_to(secret)
    os.mkfifo(run.figures / "z.png")
    names = {path.name for path in run.pictures}
    assert "nmi.png" in names
    assert not names & {"a.png", "z.png"}


@pytest.mark.parametrize("name", READ)
def test_a_file_of_a_gigabyte_is_not_read(run, loaded, name):
    with (run.path / name).open("ab") as file:
        file.truncate(MAX_TEXT + 1)
    run.hashes.unlink()
    message = MESSAGES.get(name, "damaged: it has 268,435,457 bytes")
    refused(lambda: look_at(run, name), message)


def look_at(run, name):
    """Reads one of the files as the commands do."""
    {
        "config.json": run.read_config,
        "metrics.csv": run.read_metrics,
        "codebooks.json": run.read_codebooks,
        "infomec.json": run.read_scores,
        "code_usage.json": run.read_code_usage,
        "latents.npy": lambda: read_latents(run),
    }[name]()


# Values of another type, with the hash that belongs to them ----------------

CONFIGS = {
    "no number": (["settings", "scoring", "num_scored"], None, "num_scored"),
    "a word": (["settings", "scoring", "num_scored"], "x", "num_scored=x"),
    "a table that is none": (["settings", "scoring"], 3, "dictionary"),
    "a protocol": (["settings", "scoring", "protocol"], {}, "`protocol` must"),
    "a size": (["settings", "training", "image_size"], "x", "image_size"),
    "no size": (["settings", "training", "image_size"], None, "image_size"),
    "a huge size": (
        ["settings", "training", "image_size"],
        10**9,
        "memory|size",
    ),
    "penalties": (["settings", "penalties"], {"a": 1}, "must be tables"),
    "metrics": (["settings", "scoring", "metrics"], 3, "must be names"),
    "names of metrics": (
        ["settings", "scoring", "metrics"],
        [{}],
        "must be names",
    ),
    "a data set": (["dataset"], [], "valid string"),
    "a path": (["dataset"], "/", "must contain (mostly )?images"),
    "an empty name": (["dataset"], "", "folder|Available"),
    "a seed": (["seed"], "one", "valid integer"),
    "more": (["more"], 1, "not permitted"),
    "a format": (["format"], [], "another version"),
    "versions": (["versions"], {"keras": 3}, "valid string"),
}


def put(content, place, value):
    """Other content, of a value at a place in it."""
    content = copy.deepcopy(content)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return content


@pytest.mark.parametrize("damage", CONFIGS)
def test_configurations(run, loaded, damage):
    place, value, message = CONFIGS[damage]
    write_json(run.config, put(read_json(run.config), place, value))
    run.seal()
    refused(lambda: runs.load(run), message)


SCORES = {
    "no InfoE": (["infoe"], None, "part of InfoMEC is missing"),
    "no table": (["nmi"], None, "part of InfoMEC is missing"),
    "an empty table": (["nmi"], [], "a row per factor"),
    "a ragged table": (["nmi", 0], [0.5], "a row per factor"),
    "a table of words": (["nmi"], [["x"]], "valid number"),
    "names": (["factor_names"], ["size"], "a row per factor"),
    "words": (["psnr"], "loud", "valid number"),
    "a flag": (["active", 0], "perhaps", "valid boolean"),
    "others": (["others"], {"MIG": "high"}, "valid number"),
}


@pytest.mark.parametrize("damage", SCORES)
def test_scores(run, loaded, damage):
    place, value, message = SCORES[damage]
    write_json(run.scores, put(read_json(run.scores), place, value))
    run.seal()
    refused(lambda: runs.draw(run), rf"infomec\.json is damaged.*{message}")


CODEBOOKS = [None, 3, "x", [], {}, [[]], [[[]]], [[["x"]]], [{"a": 1}], [[3]]]


@pytest.mark.parametrize("content", CODEBOOKS)
def test_codebooks(run, loaded, content):
    write_json(run.codebooks, content)
    run.seal()
    refused(lambda: runs.draw(run), r"codebooks\.json is damaged")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("config.json", Configuration.read),
        ("infomec.json", Scores.read),
        ("codebooks.json", read_codebooks),
    ],
)
def test_any_value_of_any_type_in_any_place(run, name, read):
    """Values that are read have the declared types, or there is a message."""
    path = run.path / name
    whole = read_json(path)
    messages = []
    for place in places(whole):
        for value in (None, -1, 1e308, "x", [], {}, [[]], {"a": 1}):
            path.write_text(json.dumps(put(whole, place, value)))
            try:
                read(path)
            except ValueError as error:
                messages.append(str(error))
    assert len(messages) > 5
    assert all(str(path) in each and is_short(each) for each in messages)


def places(content, deep=3):
    pairs = ()
    if isinstance(content, dict):
        pairs = content.items()
    elif isinstance(content, list):
        pairs = enumerate(content[:1])
    for key, inner in pairs:
        yield [key]
        if deep:
            yield from ([key, *rest] for rest in places(inner, deep - 1))


# Models -------------------------------------------------------------------


class Trace:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def rezip(change):
    """Changes the members of a `.keras` file, a dict by name."""

    def write(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return write


def weights(change):
    """Changes the HDF5 file of the weights in a `.keras` file."""

    def write(members):
        file = io.BytesIO(members["model.weights.h5"])
        with h5py.File(file, "r+") as there:
            change(there)
        members["model.weights.h5"] = file.getvalue()

    return rezip(write)


def first_array(file):
    """The name of the first array in a file of weights."""
    found = []
    file.visititems(
        lambda name, each: (
            found.append(name) if isinstance(each, h5py.Dataset) else None
        )
    )
    return found[0]


def linked(make):
    def change(file):
        name = first_array(file)
        del file[name]
        file[name] = make(name)

    return change


def elsewhere(file):
    name = first_array(file)
    shape = file[name].shape
    del file[name]
    num_bytes = 4 * int(np.prod(shape))
    file.create_dataset(
        name, shape, "f4", external=[("/etc/passwd", 0, num_bytes)]
    )


def huge(file):
    name = first_array(file)
    del file[name]
    file.create_dataset(name, (10**6, 10**6), "f4", chunks=(10, 10))


def other_class(module, name):
    """The model, which is built first, has another class."""

    def change(members):
        content = json.loads(members["config.json"])
        content |= {"module": module, "class_name": name}
        content["registered_name"] = name
        members["config.json"] = json.dumps(content).encode()

    return rezip(change)


def config(text):
    return rezip(lambda members: members.update({"config.json": text}))


def lambda_layer(path):
    code = keras.Sequential(
        [keras.Input((1,)), keras.layers.Lambda(lambda x: x + 1)]
    )
    code.save(path)


def bomb(members):
    """60 kB that unpack to 60 MB."""
    members["model.weights.h5"] += bytes(60_000_000)


MODELS = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:300]),
    "a pickle": lambda path: path.write_bytes(pickle.dumps(Trace())),
    "an HDF5 file": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" * 9),
    "code": lambda_layer,
    "no configuration": rezip(lambda members: members.pop("config.json")),
    "no weights": rezip(lambda members: members.pop("model.weights.h5")),
    "a list": config(b"[]"),
    "deep JSON": config(b"[" * 100_000),
    "a function of Python": other_class("os", "system"),
    "a class of another module": other_class("subprocess", "Popen"),
    "pickled weights": rezip(
        lambda members: members.update(
            {"model.weights.h5": pickle.dumps(Trace())}
        )
    ),
    "a link to another file": weights(
        linked(lambda name: h5py.ExternalLink("/etc/passwd", name))
    ),
    "a link to nothing": weights(linked(lambda _: h5py.SoftLink("/nothing"))),
    "pixels in another file": weights(elsewhere),
    "an array of 4 TB": weights(huge),
    "a bomb": rezip(bomb),
}


@pytest.mark.parametrize("damage", MODELS)
def test_models(run, tmp_path, monkeypatch, damage):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    MODELS[damage](run.model)
    before = tree(run.path)
    refused(lambda: load_model(run), r"model\.keras cannot be loaded")
    assert tree(run.path) == before
    assert not list((tmp_path / "here").iterdir())


def test_a_member_that_leads_out_is_not_written(run, tmp_path, model_of_run):
    rezip(
        lambda members: members.update(
            {"../../out.txt": b"out", "/tmp/keras_qlae_out.txt": b"out"}
        )
    )(run.model)
    before = tree(tmp_path)
    with contextlib.suppress(ValueError):
        load_model(run)
    assert tree(tmp_path) == before
    assert not os.path.exists("/tmp/keras_qlae_out.txt")


# Checkpoints ----------------------------------------------------------------


def newest(run):
    return max(run.checkpoints.iterdir())


def text(name, content):
    return lambda folder: (folder / name).write_text(content)


def fifo(name):
    def change(folder):
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


CHECKPOINTS = {
    "no hashes": lambda folder: (folder / "sha256.json").unlink(),
    "hashes that are none": text("sha256.json", "[]"),
    "hashes of numbers": text("sha256.json", '{"state.json": 3}'),
    "no state": lambda folder: (folder / "state.json").unlink(),
    "no weights": lambda folder: (folder / "model.weights.h5").unlink(),
    "a pipe for the state": fifo("state.json"),
    "a pipe for the hashes": fifo("sha256.json"),
    "a pipe for the weights": fifo("model.weights.h5"),
}
STATES = ["[]", "{", "[" * 100_000, '{"rows": 3}', '{"rows": [{"step": "x"}]}']


@pytest.mark.parametrize("damage", CHECKPOINTS)
def test_checkpoints(run, damage):
    for folder in run.checkpoints.iterdir():
        CHECKPOINTS[damage](folder)
    refused(lambda: checkpoints.restore(run, None), "No checkpoint in")


@pytest.mark.parametrize("content", STATES)
def test_states_with_their_hashes(run, content):
    for folder in run.checkpoints.iterdir():
        (folder / "state.json").write_text(content)
        write_json(folder / "sha256.json", checkpoints._digests(folder))
    refused(lambda: checkpoints.restore(run, None), "No checkpoint in")


# Bit flips ------------------------------------------------------------------


@pytest.mark.parametrize("name", [*READ, "model.keras", "sha256.json"])
def test_100_bit_flips_in_what_a_run_is_read_from(run, name):
    files = [run.path / each for each in (*READ, "model.keras")]
    for flip in flips(run.path / name):
        with pytest.raises(
            ValueError, match=r"damaged|not valid JSON"
        ) as error:
            run.verify(*files)
        assert is_short(str(error.value)), flip
    run.verify(*files)


def test_scores_and_metrics_are_compared_wherever_they_are_read(run):
    """In tables of comparisons too, which load no model."""
    for path, read in (
        (run.scores, run.read_scores),
        (run.metrics, run.read_metrics),
        (run.codebooks, run.read_codebooks),
    ):
        for _ in flips(path, 20):
            with pytest.raises(ValueError, match="hash differs"):
                read()
        read()


@pytest.mark.parametrize(
    "name", ["state.json", "model.weights.h5", "sha256.json"]
)
def test_100_bit_flips_in_a_checkpoint(run, name):
    folder = newest(run)
    for _ in flips(folder / name):
        with pytest.raises((ValueError, OSError)):
            checkpoints._checked_record(folder)
    assert checkpoints._checked_record(folder).step == 6


def test_all_else_is_not_read_at_all(run, loaded):
    """A flipped bit in it is harmless: files without their own hash."""
    with files_read() as paths, time_limit():
        runs.evaluate(run)
        runs.draw(run)
        runs.train(run.path, recipe(), verbose=0)
    names = {
        os.path.relpath(path, run.path)
        for path in map(str, paths)
        if path.startswith(str(run.path))
    }
    read = {name for name in names if ".partial" not in name}
    assert read <= {*READ, "model.keras", "sha256.json"}
    assert "infomec.json" in read
