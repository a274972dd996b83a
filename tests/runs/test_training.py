"""Training in a run directory: its files, resuming, errors."""

import json
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.cli.main import main
from keras_qlae.optimizers import RegularizedAdamW
from keras_qlae.runs.checkpoints import Checkpoints
from keras_qlae.runs.checkpoints import size_on_disk
from tests.cases import slow
from tests.runs.conftest import stopped_of
from tests.runs.conftest import train_both
from tests.runs.small import SETTINGS
from tests.runs.small import gan_recipe
from tests.runs.small import known
from tests.runs.small import recipe


def weights_of(path):
    model = keras.saving.load_model(path / "model.keras")
    return [np.asarray(keras.ops.convert_to_numpy(v)) for v in model.variables]


def interrupt(path, monkeypatch, settings=None, **kwargs):
    """A run that stopped in its third epoch, before it was saved."""
    save = Checkpoints.on_epoch_end

    def stop_in_the_third(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt
        save(self, epoch, logs)

    monkeypatch.setattr(Checkpoints, "on_epoch_end", stop_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        runs.train(path, settings or recipe(), verbose=0, **kwargs)
    monkeypatch.undo()
    return runs.RunDirectory(path)


@pytest.fixture
def interrupted(finished, tmp_path):
    shutil.copytree(stopped_of(finished.path), tmp_path / "run")
    return runs.RunDirectory(tmp_path / "run")


def assert_same_run(one, other):
    for a, b in zip(weights_of(one.path), weights_of(other.path), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.metrics.read_text() == other.metrics.read_text()
    assert one.codebooks.read_text() == other.codebooks.read_text()
    assert one.code_usage.read_text() == other.code_usage.read_text()
    assert one.scores.read_text() == other.scores.read_text()


def test_leaves_everything_a_person_wants(finished):
    names = {path.name for path in finished.path.iterdir()} - {".lock"}
    assert names == {
        "config.json",
        "metrics.csv",
        "codebooks.json",
        "code_usage.json",
        "infomec.json",
        "latents.npy",
        "model.keras",
        "checkpoint",
        "figures",
        "report.html",
        "report.md",
        "sha256.json",
        *(["encoder"] if keras.backend.backend() != "torch" else []),
    }
    figures = {path.stem for path in finished.figures.iterdir()}
    assert figures == {
        "nmi",
        "interventions",
        "reconstructions",
        "code_usage",
        "codebook_trajectories",
        "latent_densities",
        "training_curves",
        "samples",
    }
    columns = finished.read_metrics()
    assert columns["epoch"] == [1, 2, 3]
    assert columns["step"] == [2, 4, 6]
    assert {"loss", "psnr", "val_psnr", "val_infom"} <= set(columns)
    usage = finished.read_code_usage()
    for name in ("entropy", "perplexity", "num_dead"):
        assert np.shape(getattr(usage, name)) == (3, 4)
    dead = np.array(usage.num_dead)
    assert columns["val_dead_codes"] == dead.sum(axis=1).tolist()
    perplexity = np.array(usage.perplexity)
    assert columns["val_code_perplexity"] == perplexity.mean(axis=1).tolist()
    assert (np.exp(usage.entropy) == perplexity).all()
    assert ((perplexity >= 1) & (perplexity <= 3 - dead + 1e-9)).all()
    report = finished.report.read_text()
    assert "figures/code_usage.png" in report
    scores = json.loads(finished.scores.read_text())
    assert f"{scores['infom']:.3f}" in report
    assert "not comparable" in report  # room3d is not 3D Shapes
    assert scores["num_samples"] == 200


@pytest.mark.one_backend
def test_scores_are_those_of_the_saved_model(finished):
    scores = json.loads(finished.scores.read_text())
    assert scores["infom"] == finished.read_metrics()["val_infom"][-1]
    assert scores["psnr"] == finished.read_metrics()["val_psnr"][-1]
    before = finished.scores.read_text()
    runs.evaluate(finished)
    again = json.loads(finished.scores.read_text())
    assert again["nmi"] == scores["nmi"]
    assert again["psnr"] == pytest.approx(scores["psnr"], abs=1e-4)
    finished.scores.write_text(before)


@pytest.mark.one_backend
def test_config_repeats_the_run(finished):
    config = finished.read_config()
    assert config.backend == keras.backend.backend()
    assert config.settings == recipe().to_dict()
    assert config.versions["keras"] == keras.__version__


@pytest.mark.one_backend
def test_finished_run_is_not_changed(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.path.rglob("*.*")}
    del before[finished.path / ".lock"]
    runs.train(finished.path, recipe(), verbose=0)
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_resumed_run_equals_the_uninterrupted(finished, interrupted):
    assert len(interrupted.read_metrics()["epoch"]) == 2
    runs.train(interrupted.path, recipe(), verbose=0)
    assert_same_run(interrupted, finished)


@pytest.mark.one_backend
def test_gan_writes_the_same_files_as_an_autoencoder(finished_gan, finished):
    for folder in (finished_gan.path, finished_gan.figures):
        there = finished.path / folder.relative_to(finished_gan.path)
        assert {p.name for p in folder.iterdir()} == {
            p.name for p in there.iterdir()
        }


@pytest.mark.slow_on("jax", "tensorflow")
def test_gan_is_trained_in_turns_and_scored(finished_gan):
    columns = finished_gan.read_metrics()
    assert columns["val_psnr"][-1] == finished_gan.read_scores().psnr
    assert columns["step"] == [2, 4, 6]
    model, _ = runs.load(finished_gan)
    critic, generator = (
        int(keras.ops.convert_to_numpy(optimizer.iterations))
        for optimizer in (model.optimizer.critic, model.optimizer.generator)
    )
    assert (critic, generator) == (12, 6)
    for name in ("critic", "value", "gradient", "latent", "generator"):
        assert np.isfinite(columns[f"val_{name}_loss"]).all()
    scores = json.loads(finished_gan.scores.read_text())
    assert scores["infom"] == columns["val_infom"][-1]


@pytest.mark.slow_on("jax", "tensorflow")
def test_resumed_gan_equals_the_uninterrupted(finished_gan, tmp_path):
    shutil.copytree(stopped_of(finished_gan.path), tmp_path / "run")
    run = runs.RunDirectory(tmp_path / "run")
    assert run.read_metrics()["step"] == [2, 4]
    runs.train(run.path, gan_recipe(), verbose=0)
    assert_same_run(run, finished_gan)


@pytest.mark.slow
@pytest.mark.one_backend
def test_resumed_factor_vae_equals_the_uninterrupted(tmp_path, monkeypatch):
    settings = known("factor-vae", SETTINGS | {"discriminator_units": [8]})
    whole = runs.train(tmp_path / "whole", settings, verbose=0)
    run = interrupt(tmp_path / "run", monkeypatch, settings)
    runs.train(run.path, settings, verbose=0)
    for a, b in zip(weights_of(run.path), weights_of(whole.path), strict=True):
        np.testing.assert_array_equal(a, b)
    assert run.metrics.read_text() == whole.metrics.read_text()
    columns = whole.read_metrics()
    for name in ("total_correlation", "discriminator", "kl", "reconstruction"):
        for prefix in ("", "val_"):
            assert np.isfinite(columns[f"{prefix}{name}_loss"]).all()
    assert whole.report.exists()


@pytest.mark.one_backend
def test_gan_with_continuous_latents_has_a_report_too(tmp_path, with_figures):
    short = gan_recipe("info-wgan-gp", steps=2)
    run = runs.train(tmp_path / "run", short, verbose=0)
    assert run.is_finished
    assert not run.codebooks.exists()
    assert (run.figures / "samples.png").exists()
    before = json.loads(run.scores.read_text())
    runs.evaluate(run)
    assert json.loads(run.scores.read_text())["nmi"] == before["nmi"]


@pytest.mark.slow
@pytest.mark.one_backend
def test_resumes_with_the_scale_of_the_loss_too(tmp_path, monkeypatch):
    """Under mixed_float16 the optimizer has a wrapper with a state."""
    half = {"precision": "mixed_float16", "verbose": 0}
    whole = runs.train(tmp_path / "whole", recipe(), **half)
    run = interrupt(tmp_path / "run", monkeypatch, precision="mixed_float16")
    runs.train(run.path, recipe(), **half)
    assert_same_run(run, whole)


@pytest.mark.one_backend
def test_damaged_checkpoint_gives_way_to_the_one_before(
    finished, interrupted, caplog
):
    newest = sorted(interrupted.checkpoints.iterdir())[-1]
    weights = newest / "model.weights.h5"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    weights.write_bytes(content)
    runs.train(interrupted.path, recipe(), verbose=0)
    assert "is damaged" in caplog.text
    assert_same_run(interrupted, finished)


@pytest.mark.one_backend
@pytest.mark.parametrize(
    "file", ["state.json", *slow("model.weights.h5", "sha256.json")]
)
def test_truncated_checkpoint_gives_way_too(
    finished, interrupted, caplog, file
):
    newest = sorted(interrupted.checkpoints.iterdir())[-1]
    (newest / file).write_bytes((newest / file).read_bytes()[:100])
    runs.train(interrupted.path, recipe(), verbose=0)
    assert newest.name in caplog.text
    assert_same_run(interrupted, finished)


@pytest.mark.one_backend
def test_an_error_if_no_checkpoint_is_complete(interrupted):
    for folder in interrupted.checkpoints.iterdir():
        (folder / "sha256.json").unlink()
    with pytest.raises(ValueError, match=r"No checkpoint in .* can be read"):
        runs.train(interrupted.path, recipe(), verbose=0)


@pytest.mark.one_backend
def test_a_finished_run_continues_with_more_steps(finished, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(finished.path, path)
    run = runs.train(path, recipe(steps=9), verbose=0)
    assert run.read_metrics()["step"] == [2, 4, 6, 8, 9]
    assert run.read_config().setting("training", "steps") == 9
    rows = run.metrics.read_text().splitlines()
    assert rows[:4] == finished.metrics.read_text().splitlines()
    before = run.report.stat().st_mtime_ns
    runs.train(path, recipe(steps=9), verbose=0)
    assert run.report.stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="steps: 9 there, 6 asked for"):
        runs.train(path, recipe(), verbose=0)


@pytest.mark.one_backend
def test_a_configuration_that_is_deleted_meanwhile_is_written_again(tmp_path):
    run = runs.RunDirectory(tmp_path / "run")
    delete = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: run.config.unlink(missing_ok=True)
    )
    runs.train(run.path, recipe(steps=2), verbose=0, callbacks=[delete])
    assert run.is_finished
    assert runs.open_run(run.path).config.settings == recipe(steps=2).to_dict()


@pytest.mark.one_backend
def test_checkpoints_are_in_the_order_of_their_epochs(interrupted):
    """Not in that of their names: epoch-99999 comes before epoch-100000."""
    old, new = sorted(interrupted.checkpoints.iterdir())
    old.rename(old.with_name("epoch-99999"))
    new.rename(new.with_name("epoch-100000"))
    runs.train(interrupted.path, recipe(), verbose=0)
    assert interrupted.read_metrics()["step"] == [2, 4, 6]


@pytest.mark.one_backend
def test_callbacks_of_ones_own_see_the_scores(tmp_path):
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, dict(logs)))
    )
    runs.train(tmp_path / "run", recipe(steps=2), verbose=0, callbacks=[watch])
    assert [epoch for epoch, _ in seen] == [0]
    assert {"val_infom", "val_psnr"} <= set(seen[0][1])


@pytest.mark.one_backend
def test_refuses_a_directory_of_other_settings(finished):
    with pytest.raises(
        ValueError, match=r"optimizer.weight_decay: 0\.\d+ there, 0.7"
    ):
        runs.train(finished.path, recipe(weight_decay=0.7), verbose=0)
    with pytest.raises(ValueError, match="seed: 0 there, 5 asked for"):
        runs.train(finished.path, recipe(), seed=5, verbose=0)


@pytest.mark.one_backend
def test_refuses_a_directory_with_other_files(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="not empty and has no run"):
        runs.train(tmp_path, recipe(), verbose=0)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.one_backend
def test_refuses_a_directory_in_use(tmp_path):
    pytest.importorskip("fcntl")
    run = runs.RunDirectory(tmp_path / "run")
    with (
        run.locked(),
        pytest.raises(RuntimeError, match="Another process is training"),
    ):
        runs.train(run.path, recipe(), verbose=0)
    assert not run.config.exists()


@pytest.mark.one_backend
def test_refuses_an_image_size_that_the_strides_do_not_divide(tmp_path):
    with pytest.raises(ValueError, match="multiples of 8"):
        runs.train(tmp_path / "run", recipe(image_size=12), verbose=0)
    assert not (tmp_path / "run").exists()


@pytest.mark.one_backend
def test_last_epoch_may_be_short(tmp_path):
    run = runs.train(tmp_path / "run", recipe(steps=5), verbose=0)
    assert run.read_metrics()["step"] == [2, 4, 5]


def spoil_update(monkeypatch, step):
    """Makes the update of a step give weights that are not finite."""
    healthy = RegularizedAdamW.apply

    def spoils(self, gradients, variables):
        is_bad = keras.ops.equal(self.iterations, step - 1)
        bad = keras.ops.where(is_bad, float("nan"), 0.0)
        healthy(self, [gradient + bad for gradient in gradients], variables)

    monkeypatch.setattr(RegularizedAdamW, "apply", spoils)


@pytest.mark.one_backend
def test_non_finite_loss_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    """A loss that breaks in the middle of the second epoch."""
    spoil_update(monkeypatch, step=3)
    run = runs.RunDirectory(tmp_path / "run")
    with pytest.raises(FloatingPointError, match="`loss` is nan at step 4"):
        runs.train(run.path, recipe(), verbose=0)
    assert [p.name for p in run.checkpoints.iterdir()] == ["epoch-00001"]
    assert not run.is_finished


@pytest.mark.one_backend
def test_space_is_looked_for_before_a_checkpoint_is_written(
    tmp_path, small_model
):
    """HDF5 needs about a kilobyte per variable in addition to the numbers."""
    path = tmp_path / "model.weights.h5"
    small_model.save_weights(path)
    size = size_on_disk(small_model)
    assert size / 2 < path.stat().st_size < size


@pytest.mark.one_backend
def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    run = runs.RunDirectory(tmp_path / "run")
    usage = shutil.disk_usage(tmp_path)

    def disk_usage(path):
        is_full = (run.checkpoints / "epoch-00001").exists()
        return usage._replace(free=1000 if is_full else 10**9)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    wanted = r"Cannot write .*epoch-00002: No space left .* 0\.0 MB are free"
    with pytest.raises(OSError, match=wanted):
        runs.train(run.path, recipe(), verbose=0)
    assert [p.name for p in run.checkpoints.iterdir()] == ["epoch-00001"]
    monkeypatch.undo()
    assert runs.train(run.path, recipe(), verbose=0).is_finished


@pytest.mark.one_backend
def test_weights_spoiled_by_the_last_update_are_not_saved(
    tmp_path, monkeypatch
):
    """The train loss of an epoch is that before its last update."""
    spoil_update(monkeypatch, step=4)
    run = runs.RunDirectory(tmp_path / "run")
    with pytest.raises(FloatingPointError, match=r"`val_.*loss` is nan"):
        runs.train(run.path, recipe(), verbose=0)
    assert [p.name for p in run.checkpoints.iterdir()] == ["epoch-00001"]


@pytest.mark.slow_on("jax", "tensorflow")
@pytest.mark.parametrize(
    "precision",
    [
        "mixed_bfloat16",
        pytest.param("mixed_float16", marks=pytest.mark.one_backend),
    ],
)
def test_half_precision(tmp_path, precision):
    run = runs.train(
        tmp_path / "run", recipe(steps=2), precision=precision, verbose=0
    )
    assert run.read_config().precision == precision
    model, _ = runs.load(run)
    assert model.encoder.get_layer("conv0").compute_dtype != "float32"
    assert model.latent.codebook.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"  # as before


@pytest.mark.one_backend
@pytest.mark.parametrize(
    "bad", [{"batch_size": 10**6}, {"image_size": 12}, {"num_scored": 1}]
)
def test_a_run_that_cannot_be_trained_leaves_no_directory(tmp_path, bad):
    with pytest.raises(ValueError, match=r"batch_size|multiples|num_scored"):
        runs.train(tmp_path / "run", recipe(**bad), verbose=0)
    assert not (tmp_path / "run").exists()


@pytest.mark.one_backend
def test_fewer_scored_images_than_a_batch(tmp_path):
    run = runs.train(tmp_path / "run", recipe(num_scored=5, steps=1), verbose=0)
    assert json.loads(run.scores.read_text())["num_samples"] == 5


@pytest.mark.one_backend
def test_plain_autoencoder_has_a_report_too(tmp_path, with_figures):
    plain = known("ae", {**SETTINGS, "steps": 2})
    run = runs.train(tmp_path / "run", plain, verbose=0)
    assert run.is_finished
    assert not run.codebooks.exists()
    assert not (run.figures / "samples.png").exists()


@pytest.mark.one_backend
@pytest.mark.parametrize(
    "name", ["beta-vae", *slow("beta-tcvae", "bio-ae", "vq-vae", "fsq")]
)
def test_baselines_have_a_report_too(name, tmp_path, with_figures):
    baseline = known(name, {**SETTINGS, "steps": 2, "embedding_dim": 4})
    run = runs.train(tmp_path / "run", baseline, verbose=0)
    assert run.is_finished
    drawn = {path.stem for path in run.figures.iterdir()}
    assert {"interventions", "nmi", "reconstructions"} <= drawn
    assert ("latent_densities" in drawn) == (name != "vq-vae")
    has_prior = name in ("beta-vae", "beta-tcvae", "fsq")
    assert ("samples" in drawn) == has_prior
    assert run.codebooks.exists() == (name == "fsq")


@pytest.mark.slow_on("jax", "tensorflow")
def test_resumed_noise_equals_the_uninterrupted(tmp_path):
    """The generator of the latent's noise is resumed."""
    settings = known("beta-tcvae", SETTINGS)
    whole = train_both(tmp_path / "whole", settings)
    part = runs.RunDirectory(stopped_of(whole.path))
    runs.train(part.path, settings, verbose=0)
    for a, b in zip(weights_of(whole.path), weights_of(part.path), strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.metrics.read_text() == part.metrics.read_text()


# Runs the command, and kills it with -9 after its third batch: in the middle
# of the second epoch.
KILLED = """
import os, signal, sys
from keras_qlae.callbacks import FiniteLoss
from keras_qlae.cli.main import main

after_batch = FiniteLoss.on_train_batch_end
batches = []

def dies(self, batch, logs=None):
    after_batch(self, batch, logs)
    batches.append(batch)
    if len(batches) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

FiniteLoss.on_train_batch_end = dies
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "uninterrupted"),
    [
        (recipe(), "finished"),
        pytest.param(
            gan_recipe(), "finished_gan", marks=pytest.mark.one_backend
        ),
    ],
    ids=["autoencoder", "gan"],
)
def test_killed_in_the_middle_of_an_epoch(
    settings, uninterrupted, request, tmp_path, quick_python
):
    """The command itself, killed with -9, then called again."""
    run = runs.RunDirectory(tmp_path / "killed")
    arguments = ["train", "--quiet", f"--directory={run.path}"]
    arguments.append(f"--recipe={settings.name}")
    plain = recipes.get(settings.name).settings
    for name, setting in settings.settings.items():
        if setting.default != plain[name].default:
            flag = name.replace("_", "-")
            arguments.append(f"--{flag}={setting.default}")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(run.read_metrics()["step"]) == 1
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.output
    assert_same_run(run, request.getfixturevalue(uninterrupted))
