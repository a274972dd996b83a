"""The InfoMEC callback."""

import copy

import keras
import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.callbacks import InfoMEC
from keras_qlae.metrics import infomec

LOGGED = {"val_infom", "val_infoe", "val_infoc", "val_active_latents"}


class Oracle:
    """A "model" whose codes are the factors, spoiled a little."""

    def __init__(self, factors):
        self.factors = factors
        self.seen = []

    def codes(self, images):
        self.seen.append(images)
        return self.factors


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (300, 3))
    images = rng.integers(0, 256, (300, 8, 8, 1)).astype("uint8")
    return images, factors


def run_epochs(callback, model, epochs):
    """The logs of each epoch, as `fit` would leave them."""
    callback.set_model(model)
    logs = []
    for epoch in epochs:
        logs.append({"loss": 1.0})
        callback.on_epoch_end(epoch, logs[-1])
    return logs


def test_scores_the_codes_of_the_model(data):
    images, factors = data
    callback = InfoMEC(data)
    model = Oracle(factors)
    (logs,) = run_epochs(callback, model, [0])
    expected = infomec(factors, factors)
    assert logs["val_infom"] == expected.infom > 0.9
    assert logs["val_infoe"] == expected.infoe
    assert logs["val_infoc"] == expected.infoc
    assert logs["val_active_latents"] == 3
    np.testing.assert_array_equal(model.seen[0], images)
    assert callback.result.infom == expected.infom
    assert set(callback.results) == {0}


def test_carries_scores_on_epochs_between(data):
    callback = InfoMEC(data, every=3)
    model = Oracle(data[1])
    logs = run_epochs(callback, model, range(7))
    assert set(callback.results) == {0, 2, 5}  # the first always
    assert len(model.seen) == 3
    for epoch_logs in logs:
        assert set(epoch_logs) >= LOGGED


def test_restored_scores_are_carried_not_made_again(data):
    first = InfoMEC(data, every=4)
    run_epochs(first, Oracle(data[1]), range(2))
    second = InfoMEC(data, every=4)
    second.restore(first.logs)
    model = Oracle(data[1])
    logs = run_epochs(second, model, [2, 3])
    assert logs[0]["val_infom"] == first.logs["val_infom"]
    assert len(model.seen) == 1


def test_another_model_is_scored_from_its_first_epoch(data, small_model):
    images, factors = data
    callback = InfoMEC(data, every=5)
    run_epochs(callback, Oracle(factors), [0])
    perfect = callback.result.infom
    small_model.fit(images, epochs=1, verbose=0, callbacks=[callback])
    assert set(callback.results) == {0}
    assert callback.result.infom != perfect
    small_model.fit(
        images, initial_epoch=1, epochs=2, verbose=0, callbacks=[callback]
    )
    assert set(callback.results) == {0}  # the same model's: carried


def test_draws_samples_once_with_a_seed(data):
    images, factors = data
    one, same, other = (
        InfoMEC(data, num_samples=50, seed=seed) for seed in (1, 1, 2)
    )
    assert one.num_samples == 50
    np.testing.assert_array_equal(one.factors, same.factors)
    assert np.any(one.factors != other.factors)
    # Images and factors stay together.
    positions = [
        np.flatnonzero((images == image).all(axis=(1, 2, 3)))[0]
        for image in one.images
    ]
    np.testing.assert_array_equal(factors[positions], one.factors)


def test_reads_a_factor_dataset():
    dataset = datasets.load("room3d", image_size=8)
    callback = InfoMEC(dataset, num_samples=20)
    assert callback.images.shape == (20, 8, 8, 3)
    index = dataset.index_of(callback.factors)
    np.testing.assert_array_equal(dataset.images(index), callback.images)


def test_takes_a_function_in_place_of_codes(data):
    callback = InfoMEC(data, codes=lambda model, images: data[1] * 1.0 + model)
    callback.set_model(5.0)
    callback.on_epoch_end(0, {})
    assert callback.result.infom > 0.9


def test_copies_share_images_and_not_results(data):
    callback = InfoMEC(data)
    run_epochs(callback, Oracle(data[1]), [0])
    twin = copy.deepcopy(callback)
    assert twin.images is callback.images
    twin.results.clear()
    assert set(callback.results) == {0}


def test_other_callbacks_see_the_scores_in_fit(data, tmp_path, small_model):
    images, factors = data
    csv = tmp_path / "log.csv"
    history = small_model.fit(
        images,
        batch_size=50,
        epochs=2,
        verbose=0,
        callbacks=[
            InfoMEC((images, factors)),
            keras.callbacks.CSVLogger(csv),
            keras.callbacks.EarlyStopping("val_infom", mode="max", patience=9),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras",
                monitor="val_infom",
                mode="max",
                save_best_only=True,
            ),
        ],
    ).history
    assert set(history) >= LOGGED
    header = csv.read_text().splitlines()[0].split(",")
    assert set(header) >= LOGGED
    final = infomec(factors, small_model.codes(images))
    assert history["val_infom"][-1] == pytest.approx(final.infom, abs=1e-12)
    assert (tmp_path / "best.keras").exists()


def test_refuses(data):
    images, factors = data
    with pytest.raises(ValueError, match="one row of factors per image"):
        InfoMEC((images, factors[:-1]))
    with pytest.raises(ValueError, match="`FactorDataset`"):
        InfoMEC(images)
    with pytest.raises(ValueError, match=r"remove the callback.*no factors"):
        InfoMEC(datasets.from_arrays(np.zeros((4, 8, 8, 1), np.uint8)))
    with pytest.raises(ValueError, match="every=0"):
        InfoMEC(data, every=0)
    with pytest.raises(ValueError, match="at least 2 images"):
        InfoMEC((images[:1], factors[:1]))
    callback = InfoMEC(data)
    callback.set_model(object())
    with pytest.raises(ValueError, match="have a method `codes"):
        callback.on_epoch_end(0, {})
