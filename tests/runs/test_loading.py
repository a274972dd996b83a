"""Loading runs that may come from somebody else."""

import json
import shutil
import sys

import keras
import numpy as np
import pytest

from keras_qlae import runs
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs.records import Configuration
from tests.runs.small import recipe

pytestmark = pytest.mark.one_backend


@pytest.fixture
def run(finished, tmp_path):
    """A finished run of the user."""
    path = tmp_path / "run"
    shutil.copytree(finished.path, path)
    return runs.RunDirectory(path)


def change_config(run, **changes):
    """Another configuration, as somebody else may send it: with its hash."""
    write_json(run.config, read_json(run.config) | changes)
    run.seal()


def test_a_module_that_a_run_names_is_not_imported(run, tmp_path, monkeypatch):
    """Importing it would run whatever is in it."""
    (tmp_path / "evil_module.py").write_text("raise SystemExit('ran')\n")
    monkeypatch.chdir(tmp_path)
    settings = run.read_config().settings
    settings["latent"]["part"] = "evil_module:Latent"
    change_config(run, settings=settings)
    for look in (runs.evaluate, runs.draw, runs.export):
        with pytest.raises(ValueError, match="--import evil_module"):
            look(run)
    assert "evil_module" not in sys.modules
    with pytest.raises(SystemExit, match="ran"):
        runs.evaluate(run, imports=["evil_module"])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("encoder", "evil_module:make"),
        ("penalties", {"evil_module:Penalty": {}}),
        ("metrics", ["evil_module:metric"]),
        ("dataset", "evil_module:data"),
    ],
)
def test_every_seat_is_looked_at(run, place, value):
    config = read_json(run.config)
    if place == "dataset":
        config["dataset"] = value
    elif place == "metrics":
        config["settings"]["scoring"]["metrics"] = value
    elif place == "penalties":
        config["settings"]["penalties"] = value
    else:
        config["settings"][place]["part"] = value
    path = run.path / "changed.json"
    write_json(path, config)
    (named,) = Configuration.read(path).foreign_parts
    assert named.startswith("evil_module:")


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "missing"])
def test_a_damaged_model_is_named_and_made_again(run, damage):
    content = run.model.read_bytes()
    before = [np.asarray(w) for w in runs.load(run)[0].get_weights()]
    if damage == "missing":
        run.model.unlink()
    else:
        broken = {"truncated": content[:200], "empty": b"", "text": b"hello"}
        run.model.write_bytes(broken[damage])
        with pytest.raises(ValueError, match=r"model\.keras is damaged"):
            runs.evaluate(run)
        run.seal()
        with pytest.raises(ValueError, match=r"model\.keras cannot be loaded"):
            runs.evaluate(run)
        run.model.unlink()
    with pytest.raises(FileNotFoundError, match="`keras-qlae train`"):
        runs.evaluate(run)
    runs.train(run.path, recipe(), verbose=0)
    after = [np.asarray(w) for w in runs.load(run)[0].get_weights()]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_are_not_finite_are_refused(run):
    model, _ = runs.load(run)
    kernel = model.encoder.get_layer("conv0").kernel
    kernel.assign(keras.ops.full(kernel.shape, float("nan")))
    model.save(run.model)
    run.seal()
    for look in (runs.evaluate, runs.draw, runs.export):
        with pytest.raises(ValueError, match=r"NaN or infinite.*conv0"):
            look(run)


@pytest.mark.parametrize("content", ["", "[]", "null", '{"psnr": "x"}', "\x00"])
def test_damaged_scores_are_scored_again(run, content):
    before = run.read_scores()
    run.scores.write_text(content)
    with pytest.raises(ValueError, match=r"infomec\.json"):
        run.read_scores()
    runs.evaluate(run)
    assert run.read_scores().nmi == before.nmi


@pytest.mark.parametrize(
    "content", ["", "[1]", "null", "3", '{"seed": {}}', "{" * 10_000, "\xff"]
)
def test_a_damaged_configuration_is_named(run, content):
    run.config.write_bytes(content.encode("latin-1"))
    run.seal()
    for look in (runs.evaluate, runs.draw, runs.export):
        with pytest.raises(ValueError, match=r"config\.json is"):
            look(run)
    with pytest.raises(ValueError, match=r"config\.json is"):
        runs.train(run.path, recipe(), verbose=0)


@pytest.mark.parametrize(
    "content", ["epoch,step\n1,x\n", 'a,b\n"1,2\n', "\xff"]
)
def test_damaged_metrics_are_named(run, content):
    run.metrics.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=r"metrics\.csv is"):
        run.read_metrics()


def test_a_run_of_another_version_names_it(run):
    change_config(run, format=99, versions={"keras-qlae": "7.1"})
    with pytest.raises(ValueError, match=r"keras-qlae.*7\.1"):
        runs.evaluate(run)


def test_runs_of_the_first_format_are_read_and_not_trained_on(
    run, with_figures
):
    """They had one table of settings, most of them unused by the model."""
    config = read_json(run.config)
    flat = {
        "model": "autoencoder",
        "latent": "scalar_codebook",
        "image_size": 8,
        "num_scored": 200,
        "steps": 6,
    }
    del config["format"], config["fingerprint"]
    write_json(run.config, config | {"settings": flat})
    run.hashes.unlink()  # there was none
    before = run.read_scores()
    runs.evaluate(run)
    assert run.read_scores().nmi == before.nmi
    assert runs.draw(run)
    assert json.loads(run.config.read_text())["settings"] == flat
    with pytest.raises(ValueError, match="earlier version of keras-qlae"):
        runs.train(run.path, recipe(), verbose=0)


@pytest.mark.slow
def test_every_flip_of_a_bit_is_noticed(run):
    """In each file that a finished run is read from."""
    rng = np.random.default_rng(0)
    records = (run.metrics, run.codebooks, run.code_usage, run.latents)
    files = (run.config, *records, run.model)
    for file in (*files, run.scores, run.hashes):
        whole = file.read_bytes()
        for _ in range(100):
            content = bytearray(whole)
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
            file.write_bytes(content)
            with pytest.raises(ValueError, match=r"damaged|not valid JSON"):
                run.verify(*files, run.scores)
        file.write_bytes(whole)
    run.verify(*files, run.scores)


def test_folders_that_lead_out_of_the_run_are_refused(
    run, tmp_path, with_figures
):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(run.figures)
    run.figures.symlink_to(outside)
    with pytest.raises(ValueError, match="is a link"):
        runs.train(run.path, recipe(steps=8), verbose=0)
    with pytest.raises(ValueError, match="is a link"):
        runs.draw(run)
    assert not list(outside.iterdir())


def test_a_data_set_that_has_changed_is_noticed(run):
    """Else images may be scored that were trained on."""
    change_config(run, fingerprint="0123456789abcdef")
    for look in (runs.evaluate, runs.draw):
        with pytest.raises(ValueError, match="has changed since the run"):
            look(run)
    with pytest.raises(ValueError, match="fingerprint: 0123456789abcdef"):
        runs.train(run.path, recipe(steps=8), verbose=0)


def test_temporary_files_of_a_kill_are_deleted(run):
    (run.path / ".encoder.partial.old").mkdir()
    (run.path / ".model.partial.keras").write_text("half")
    (run.path / "notes.txt").write_text("mine")
    run.report.unlink()
    runs.train(run.path, recipe(), verbose=0)
    hidden = {p.name for p in run.path.glob(".*")}
    assert hidden <= {".lock"}
    assert (run.path / "notes.txt").exists()
