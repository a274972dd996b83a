"""A run, opened from Python; and runs of arrays."""

import re
import shutil
import sys

import keras
import numpy as np
import pandas
import pytest

import keras_qlae
from keras_qlae import datasets
from keras_qlae import runs
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import reporting
from tests.runs.small import known
from tests.runs.small import recipe
from tests.subprocesses import run_python

pytestmark = pytest.mark.one_backend

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 8, 8, 1), np.uint8)
FACTORS = RNG.integers(0, 3, (60, 2))


@pytest.fixture
def copied(finished, tmp_path):
    """The directory of a finished run of the user."""
    path = tmp_path / "run"
    shutil.copytree(finished.path, path)
    return runs.RunDirectory(path)


@pytest.fixture(scope="module")
def of_arrays(tmp_path_factory):
    """A run of continuous latents on arrays."""
    path = tmp_path_factory.mktemp("runs") / "arrays"
    small = known("ae", {**recipe_settings(), "num_scored": 12})
    runs.train(path, small, (IMAGES, FACTORS), verbose=0)
    return path


def recipe_settings():
    return {
        name: recipe().value(name)
        for name in ("image_size", "steps", "steps_per_epoch", "batch_size")
    }


def test_it_shows_what_was_trained_and_the_scores(finished):
    run = keras_qlae.open_run(str(finished.path))
    assert run.config == finished.read_config()
    assert run.scores == finished.read_scores()
    assert run.is_finished
    assert (run.step, run.steps) == (6, 6)
    table = pandas.DataFrame(run.metrics)
    assert table["step"].tolist() == [2, 4, 6]
    assert table["val_infom"].iloc[-1] == run.scores.infom
    first, *others = repr(run).split("\n  ")
    assert first == f"<Run '{finished.path}'"
    assert others[:2] == ["qlae on room3d, seed 0", "6 of 6 steps"]
    assert f"InfoM {run.scores.infom:.3f}" in others[2]
    assert repr(finished) == f"<RunDirectory '{finished.path}'>"
    assert run.to_dict()["scores"]["infom"] == run.scores.infom


def test_its_model_encodes_and_traverses(finished):
    run = keras_qlae.open_run(finished)
    assert run.model is run.model  # loaded once
    images = run.held_out.images(np.arange(5))
    np.testing.assert_array_equal(run.encode(images), run.model.codes(images))
    assert run.encode(images).dtype.kind == "i"
    several = run.traverse(images)
    assert [grid.shape for grid in several] == [(5, 3, 8, 8, 3)] * 4
    one = run.traverse(images[1])
    for grid, whole in zip(one, several, strict=True):
        np.testing.assert_allclose(grid, whole[1], atol=1e-6)


def test_its_data_are_those_of_training(finished):
    run = keras_qlae.open_run(finished)
    assert run.dataset.name == "room3d"
    assert run.dataset.image_shape == (8, 8, 3)
    assert len(run.held_out) == 200
    _, held_out = runs.load(finished)
    assert held_out.fingerprint() == run.held_out.fingerprint()


def test_figures_show_some_values_of_a_large_codebook(finished, monkeypatch):
    monkeypatch.setattr(reporting, "_MOST_VALUES", 2)  # of three
    drawn = keras_qlae.open_run(finished).figures()
    first = drawn["interventions"].axes[0]
    codebook = finished.read_codebooks()[-1][0]
    labels = [label.get_text() for label in first.get_xticklabels()]
    shown = [float(label.replace("\N{MINUS SIGN}", "-")) for label in labels]
    np.testing.assert_allclose(shown, [codebook[0], codebook[-1]], atol=5e-3)
    lines = drawn["codebook_trajectories"].axes[0].lines
    ends = [line.get_ydata()[-1] for line in lines]
    np.testing.assert_allclose(ends, [codebook[0], codebook[-1]])


def test_its_figures_are_those_of_the_report(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.figures.iterdir()}
    drawn = keras_qlae.open_run(finished).figures()
    assert set(drawn) == {path.stem for path in before}
    assert all(figure.axes for figure in drawn.values())
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_its_recipe_trains_the_same(finished):
    run = keras_qlae.open_run(finished)
    assert run.recipe.to_dict() == recipe().to_dict()
    assert run.recipe.name == "qlae"
    assert runs.train(finished.path, run.recipe, verbose=0).is_finished


def test_a_run_in_training_is_opened_too(copied):
    for path in (copied.report, copied.model, copied.hashes, copied.scores):
        path.unlink()
    run = keras_qlae.open_run(copied)
    assert not run.is_finished
    assert "6 of 6 steps>" in repr(run)
    with pytest.raises(FileNotFoundError, match="is not finished"):
        _ = run.model
    with pytest.raises(FileNotFoundError):
        _ = run.scores
    copied.metrics.unlink()
    assert run.metrics == {}
    assert run.step == 0


def test_no_run_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no run in"):
        keras_qlae.open_run(tmp_path)


@pytest.mark.parametrize("file", ["config", "metrics", "codebooks"])
def test_damage_is_named_when_it_is_opened(copied, file):
    path = getattr(copied, file)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=f"{path.name} is damaged"):
        keras_qlae.open_run(copied)


def test_damaged_scores_and_model_are_named_when_they_are_read(copied):
    for path in (copied.scores, copied.model):
        path.write_bytes(path.read_bytes()[:-3])
    run = keras_qlae.open_run(copied)
    assert "InfoM" not in repr(run)
    for name in ("scores", "model"):
        with pytest.raises(ValueError, match="is damaged"):
            getattr(run, name)


def test_a_strangers_run_runs_no_code(copied, tmp_path, monkeypatch):
    (tmp_path / "evil_run.py").write_text("raise SystemExit('ran')\n")
    monkeypatch.chdir(tmp_path)
    config = read_json(copied.config)
    config["settings"]["latent"]["part"] = "evil_run:Latent"
    write_json(copied.config, config)
    copied.seal()
    run = keras_qlae.open_run(copied)
    assert "seed 0" in repr(run)
    assert run.to_dict()["config"]["settings"]["latent"]["part"]
    for name in ("model", "recipe", "dataset", "held_out"):
        with pytest.raises(ValueError, match=r"imports=\['evil_run'\]"):
            getattr(run, name)
    assert "evil_run" not in sys.modules
    with pytest.raises(SystemExit, match="ran"):
        _ = keras_qlae.open_run(copied, imports=["evil_run"]).model


def test_arrays_become_a_run(of_arrays):
    with pytest.raises(ValueError, match="Give it as `dataset`"):
        _ = keras_qlae.open_run(of_arrays).held_out
    run = keras_qlae.open_run(of_arrays, dataset=(IMAGES, FACTORS))
    assert run.config.dataset == "arrays"
    assert run.scores.num_samples == 12
    assert len(run.held_out) == 12
    assert run.dataset.factor_names == ("factor_0", "factor_1")
    other = keras_qlae.open_run(of_arrays, dataset=(255 - IMAGES, FACTORS))
    with pytest.raises(ValueError, match="has changed since the run"):
        _ = other.dataset
    runs.evaluate(of_arrays, dataset=(IMAGES, FACTORS))


def test_continuous_latents_are_traversed_over_what_occurs(of_arrays):
    run = keras_qlae.open_run(of_arrays, dataset=(IMAGES, FACTORS))
    codes = run.encode(run.held_out.images(np.arange(12)))
    levels = run.model.latent.levels(codes, 5)
    grids = run.traverse(IMAGES[0], num_values=5)
    assert [grid.shape for grid in grids] == [(5, 8, 8, 1)] * 4
    changed = np.repeat(run.encode(IMAGES[:1]), 5, axis=0)
    changed[:, 0] = levels[0]
    np.testing.assert_allclose(
        grids[0], run.model.decode_codes(changed), atol=1e-5
    )


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ((IMAGES, FACTORS, FACTORS), r"\(images, factors\). Received: 3"),
        ((IMAGES, FACTORS[:7]), "60 images, 7 rows of factors"),
        (IMAGES[..., 0], "channel axis"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(dataset, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        runs.train(tmp_path / "run", recipe(), dataset, verbose=0)
    assert not (tmp_path / "run").exists()


def test_images_a_path_and_an_object_are_data_sets(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=IMAGES)
    data = datasets.from_arrays(IMAGES)
    for dataset in (IMAGES, path, data):
        found = runs.data.load(dataset, image_size=8)
        np.testing.assert_array_equal(found.images([3]), IMAGES[3:4])
    assert runs.data.name_of(str(path)) == str(path)


def test_runs_are_found_below_a_folder(finished, tmp_path):
    for name in ("b/trials/trial-00", "a", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(finished.config, tmp_path / name)
    (tmp_path / "a" / "encoder").mkdir()
    shutil.copy(finished.config, tmp_path / "a" / "encoder")
    (tmp_path / "link").symlink_to(finished.path)
    found = [run.path.relative_to(tmp_path) for run in runs.find(tmp_path)]
    assert list(map(str, found)) == ["a", "b/trials/trial-00"]
    (itself,) = runs.find(tmp_path / "a")
    assert itself.path == tmp_path / "a"


def test_the_report_has_lines_that_load_the_model(finished, monkeypatch):
    monkeypatch.chdir(finished.path.parent)
    (block,) = re.findall(
        r"```python\n(.*?)```", finished.report.read_text(), re.DOTALL
    )
    images = keras_qlae.open_run(finished).held_out.images([0, 1])
    names = {"images": images}
    exec(compile(block, "report.md", "exec"), names)
    model = keras.saving.load_model(finished.model)
    np.testing.assert_array_equal(names["codes"], model.codes(images))


LOADS = """
import sys
import keras_qlae.models
import keras
print("RESULT", keras.saving.load_model(sys.argv[1]).latent.num_latents)
"""


@pytest.mark.slow
def test_keras_loads_the_model_as_the_report_says(finished):
    """In whichever order the two are imported."""
    report = finished.report.read_text()
    assert "needs `import keras_qlae.models` first" in report
    assert "RESULT 4" in run_python(LOADS, finished.model)
