"""Runs on vectors: data that are not images."""

import json

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.cli.main import main
from keras_qlae.datasets.moments import moments_of
from keras_qlae.metrics import infomec
from keras_qlae.runs.rotation import fit_ica
from keras_qlae.runs.rotation import score_rotated
from tests.runs.small import known

pytestmark = pytest.mark.one_backend

SETTINGS = {
    "steps": 4,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "dense_units": [8],
    "num_scored": 20,
    "num_values": 3,
}


def sources_and_mixture(bend, num_samples=2000, seed=0):
    """Independent sources, mixed; a factor is which eighth a source is in."""
    rng = np.random.default_rng(seed)
    sources = rng.uniform(-1, 1, (num_samples, 3))
    mixed = sources @ rng.normal(size=(3, 8))
    mixed = mixed + bend * np.tanh(2 * mixed)
    return 100 + 7 * mixed, np.floor(4 * sources + 4).astype(int)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "mixed.npz"
    vectors, factors = sources_and_mixture(0.0, 200)
    np.savez(path, vectors=vectors, factors=factors, factor_names=list("abc"))
    return path


@pytest.fixture(scope="module")
def finished(path, tmp_path_factory):
    recipe = recipes.get("qlae-vectors", **SETTINGS)
    place = tmp_path_factory.mktemp("runs") / "run"
    return runs.train(place, recipe, str(path), verbose=0)


def test_scores_are_infomec_and_r2(finished):
    columns = finished.read_metrics()
    assert {"loss", "val_infom", "val_reconstruction_r2"} <= set(columns)
    assert not {"psnr", "val_psnr"} & set(columns)
    scores = json.loads(finished.scores.read_text())
    assert "psnr" not in scores
    last = columns["val_reconstruction_r2"][-1]
    assert scores["reconstruction_r2"] == pytest.approx(last, rel=1e-5)
    assert scores["factor_names"] == ["a", "b", "c"]


def test_figures_and_report_show_no_pictures(finished):
    drawn = {path.stem for path in finished.pictures}
    assert {"nmi", "latents_by_factor", "training_curves"} <= drawn
    assert not {"interventions", "reconstructions", "samples"} & drawn
    assert not finished.page.exists()
    report = finished.report.read_text()
    assert "20 held-out vectors" in report
    assert "PSNR" not in report
    assert "run.encode(vectors)  # (n, 8), not standardized" in report


def test_the_model_standardizes_by_the_training_part(finished, path):
    model, held_out = runs.load(finished)
    recipe = recipes.get("qlae-vectors", **SETTINGS)
    data = datasets.load(str(path))
    train_part, _ = runs.data.split(recipe.scoring, data)
    moments = moments_of(train_part)
    for network in (model.encoder, model.decoder):
        layer = network.get_layer("standardization")
        assert (layer.mean, layer.scale) == moments
    assert model.scale == moments.scale
    codes = runs.open_run(finished).encode(held_out.images([0, 1]))
    np.testing.assert_array_equal(codes, model.codes(held_out.images([0, 1])))


@pytest.mark.filterwarnings("ignore:cInfoM and cInfoC")  # few to compare
def test_the_commands_that_look_at_a_run(finished):
    def invoke(*args):
        return CliRunner().invoke(main, [*args, str(finished.path)])

    result = invoke("evaluate", "--metrics=all")
    assert result.exit_code == 0, result.output
    assert "rebuilt" in result.output
    assert "MIG" in result.output
    assert "SSIM" not in result.output
    assert invoke("figures").exit_code == 0
    listed = CliRunner().invoke(main, ["list", str(finished.path.parent)])
    assert listed.output.splitlines()[0].endswith("PSNR  R2")
    for option in ("--no-open", "--serve"):
        result = invoke("explore", "--no-open", option)
        assert result.exit_code == 1
        assert "The page shows images, but this model is for" in result.output
    assert json.loads(finished.scores.read_text())["others"]["MIG"] >= 0


def test_what_is_in_a_file(path):
    result = CliRunner().invoke(main, ["datasets", "info", str(path)])
    assert "vectors     200 of 8" in result.output


def test_a_finished_run_continues(path, tmp_path):
    recipe = recipes.get("qlae-vectors", **SETTINGS)
    whole = runs.train(tmp_path / "whole", recipe, str(path), verbose=0)
    half = recipe.override(steps=2)
    runs.train(tmp_path / "run", half, str(path), verbose=0)
    run = runs.train(tmp_path / "run", recipe, str(path), verbose=0)
    for one, other in zip(
        runs.load(run)[0].weights, runs.load(whole)[0].weights, strict=True
    ):
        one, other = map(keras.ops.convert_to_numpy, (one, other))
        np.testing.assert_array_equal(one, other)


def test_without_factors_there_is_r2(tmp_path):
    vectors, _ = sources_and_mixture(0.0, 100)
    recipe = recipes.get("qlae-vectors", **SETTINGS, num_latents=3)
    run = runs.train(tmp_path / "run", recipe, vectors, verbose=0)
    scores = json.loads(run.scores.read_text())
    assert scores.keys() == {"num_samples", "reconstruction_r2"}
    assert "these vectors have none." in run.report.read_text()


def test_sequences_are_trained_on(tmp_path):
    vectors, factors = sources_and_mixture(0.0, 100)
    sequences = vectors.reshape(100, 4, 2)
    recipe = recipes.get("ae-vectors", "", known_of("ae-vectors"))
    run = runs.train(tmp_path / "run", recipe, (sequences, factors), verbose=0)
    assert run.read_config().built.image_shape == (4, 2)


def known_of(name):
    return known(name, SETTINGS).to_dict()


def test_recipes_and_data_that_do_not_fit(path, tmp_path):
    images = np.zeros((50, 8, 8, 1))
    cases = [
        *(
            (name, str(path), "use recipe=qlae-vectors")
            for name in ("qlae", "tripod", "ql-info-wgan-gp", "vq-vae-paper")
        ),
        ("qlae-vectors", images, "for vectors: use recipe=qlae"),
    ]
    for name, data, message in cases:
        recipe = recipes.get(name, num_scored=8, batch_size=8, num_latents=3)
        with pytest.raises(ValueError, match=message):
            runs.train(tmp_path / "run", recipe, data)
    recipe = recipe.override(likelihood="bernoulli")
    with pytest.raises(ValueError, match="`likelihood` must be 'gaussian'"):
        runs.train(tmp_path / "run", recipe, str(path))
    assert not (tmp_path / "run").exists()
    result = CliRunner().invoke(
        main, ["train", f"--dataset={path}", "--num-scored=8"]
    )
    assert result.exit_code == 1
    assert "use --recipe qlae-vectors, or --encoder" in result.output


def test_latents_are_rotated(path, tmp_path):
    recipe = recipes.get("ae-vectors", "", known_of("ae-vectors"))
    source = runs.train(tmp_path / "ae", recipe, str(path), verbose=0)
    run = runs.RunDirectory(tmp_path / "ica")
    score_rotated(run, source, recipe, seed=0)
    scores = run.read_scores()
    assert scores.has_infomec
    assert scores.psnr is None
    expected = source.read_scores().reconstruction_r2
    assert scores.reconstruction_r2 == expected


@pytest.mark.slow
@pytest.mark.parametrize("bend", [0.0, 0.5], ids=["linear", "bent"])
def test_sources_are_found_again(bend):
    """InfoM above 0.9: of ICA, which does not use the factors."""
    vectors, factors = sources_and_mixture(bend, 4000)
    data = datasets.from_arrays(vectors, factors)
    recipe = recipes.get(
        "ae-vectors", num_latents=3, steps=600, dense_units=[64]
    )
    model = recipes.compiled_model(
        recipe, data.image_shape, 3, moments=moments_of(data)
    )
    batches = data.as_tf_dataset(
        128, shuffle=True, repeat=True, with_factors=False
    )
    model.fit(batches, steps_per_epoch=600, verbose=0)
    assert model.reconstruction_r2(vectors) > 0.98
    codes = model.codes(vectors)
    rotated = fit_ica(codes)(codes)
    score = infomec(factors, rotated, discrete=False)
    assert score.infom > 0.9
