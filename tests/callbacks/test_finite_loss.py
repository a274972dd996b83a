"""The callback that stops a run whose loss is not finite."""

import numpy as np
import pytest

from keras_qlae import datasets
from keras_qlae.callbacks import FiniteLoss


def test_names_the_step():
    callback = FiniteLoss(start_step=100)
    callback.on_train_batch_end(0, {"loss": 0.5})
    callback.on_train_batch_end(1, {"loss": 0.4})
    with pytest.raises(FloatingPointError, match="nan at step 103"):
        callback.on_train_batch_end(2, {"loss": np.nan})


def test_stops_fit_at_the_first_bad_image(small_model):
    """A NaN that the check of the first batch could not see."""
    tf = pytest.importorskip("tensorflow")
    images = np.random.default_rng(0).random((40, 8, 8, 1), "float32")
    images[25] = np.nan
    data = tf.data.Dataset.from_tensor_slices(images).batch(10)
    with pytest.raises(FloatingPointError, match="at step 3"):
        small_model.fit(data, epochs=1, verbose=0, callbacks=[FiniteLoss()])


def test_prints_nothing_in_a_good_run(small_model):
    dataset = datasets.from_arrays(
        np.zeros((20, 8, 8, 1), "uint8"), np.zeros((20, 1), int)
    )
    callback = FiniteLoss()
    small_model.fit(
        dataset.as_tf_dataset(10), epochs=2, verbose=0, callbacks=[callback]
    )
    assert callback.step == 4


def test_counts_steps_and_not_calls():
    """Under `steps_per_execution` Keras calls once for several steps."""
    callback = FiniteLoss(start_step=10)
    callback.on_epoch_begin(0)
    callback.on_train_batch_end(4, {"loss": 1.0})
    callback.on_train_batch_end(9, {"loss": 1.0})
    callback.on_epoch_begin(1)
    with pytest.raises(FloatingPointError, match="inf at step 25"):
        callback.on_train_batch_end(4, {"critic_loss": float("inf")})


def test_looks_at_the_validation_loss():
    callback = FiniteLoss()
    with pytest.raises(FloatingPointError, match="`val_loss` is nan"):
        callback.on_epoch_end(0, {"loss": 1.0, "val_loss": np.nan})
