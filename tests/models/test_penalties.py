"""An autoencoder with penalties: values, gradients, saving, errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from tests.cases import slow_on
from tests.gradients import gradients_of
from tests.models.small import float_images
from tests.models.small import small_autoencoder
from tests.penalties.small import Bend
from tests.penalties.small import Spread

NOISE = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def both(**settings):
    penalties = [Spread(0.5), Bend(["activation0", "style0"], weight=2.0)]
    return small_autoencoder(penalties=penalties, **settings)


def by_hand(model, images):
    """Both penalties, computed from the networks only, in float64."""
    z = numpy(model.encode(images))
    inner = keras.Model(
        model.decoder.input,
        [model.decoder.get_layer(n).output for n in ("activation0", "style0")],
    )
    values = numpy(model.latent.values(model.codes(images)))
    up, at, down = (
        inner(ops.cast(values + sign * 0.5 * NOISE, "float32"))
        for sign in (1, 0, -1)
    )
    bends = [
        np.mean((numpy(a) - 2 * numpy(b) + numpy(c)) ** 2)
        for a, b, c in zip(up, at, down, strict=True)
    ]
    return {"spread": np.mean(z.var(axis=0)), "bend": sum(bends)}


def test_values_and_the_weighted_sum():
    model, images = both(), float_images(6)
    for training in (True, False):
        losses = model.compute_losses(images, training, {"bend": NOISE})
        losses = {name: float(numpy(x)) for name, x in losses.items()}
        for name, expected in by_hand(model, images).items():
            # Second differences of float32.
            assert losses[name] == pytest.approx(expected, rel=1e-3), name
        assert set(losses) == {"loss", *model.loss_weights, "psnr"}
        total = sum(w * losses[name] for name, w in model.loss_weights.items())
        assert losses["loss"] == pytest.approx(total, rel=1e-6)


def moved_by(model, name):
    """The names of the variables that a penalty moves."""
    images = ops.convert_to_tensor(float_images(6))
    gradients = gradients_of(
        lambda: model.compute_losses(images, noise={"bend": NOISE})[name],
        model,
    )
    # Where a gradient is 0 in theory, roundings of float32 may remain.
    return {
        v.path
        for v in model.trainable_variables
        if gradients[id(v)] is not None
        and np.abs(gradients[id(v)]).max() > 1e-6
    }


def paths(part):
    return {v.path for v in part.trainable_variables}


def test_the_variables_that_a_penalty_trains():
    model = both()
    # A variance does not depend on what is added to all.
    bias = {model.encoder.get_layer("head").bias.path}
    assert moved_by(model, "spread") == paths(model.encoder) - bias
    # All before the taps; through the straight-through sum the encoder too.
    after = paths(model.decoder.get_layer("conv_out"))
    expected = paths(model.encoder) | (paths(model.decoder) - after)
    assert moved_by(model, "bend") == expected


def test_fit_and_evaluate_log_them():
    model, images = both(), float_images(10)
    history = model.fit(
        images, validation_data=images, batch_size=4, verbose=0
    ).history
    assert set(history) == {
        prefix + name
        for prefix in ("", "val_")
        for name in ("loss", "psnr", *model.loss_weights)
    }
    parts = model.evaluate(images, batch_size=4, verbose=0, return_dict=True)
    total = sum(w * parts[name] for name, w in model.loss_weights.items())
    assert parts["loss"] == pytest.approx(total, rel=1e-5)


def test_noise_is_new_every_time_and_can_be_given():
    model, images = both(), float_images(6)

    def bend(noise=None):
        return float(numpy(model.compute_losses(images, noise=noise)["bend"]))

    assert bend({"bend": NOISE}) == bend({"bend": NOISE})
    assert bend() != bend()


def test_noise_of_the_latent_can_be_given():
    model = small_autoencoder(layers.GaussianLatent(3, 64, seed=3))
    images = float_images(6)

    def loss(noise=None):
        return float(numpy(model.compute_losses(images, noise=noise)["loss"]))

    assert loss({"latent": NOISE}) == loss({"latent": NOISE})
    assert loss({"latent": NOISE}) != loss()


def test_a_weight_of_0_changes_nothing_but_the_log():
    images = float_images(8)
    with_, without = both(), small_autoencoder()
    for penalty in with_.penalties:
        penalty.weight = 0.0
    for model in (with_, without):
        model.fit(images, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(with_.get_weights(), without.get_weights(), strict=True):
        # The tapped decoder may be compiled in another order.
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_training_after_loading_equals_uninterrupted_training(tmp_path):
    """Weights, the optimizer, and the state of the noise."""

    def fit(model, epochs):
        images = float_images(8)
        model.fit(images, batch_size=4, epochs=epochs, shuffle=False, verbose=0)

    whole, first = both(), both()
    fit(whole, 2)
    fit(first, 1)
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    assert [type(p) for p in second.penalties] == [Spread, Bend]
    fit(second, 1)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_are_those_of_a_model_without(tmp_path):
    """A file of weights fits both."""
    both().save_weights(tmp_path / "some.weights.h5")
    plain = small_autoencoder(seed=5)
    plain.load_weights(tmp_path / "some.weights.h5")
    for a, b in zip(plain.get_weights(), both().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_losses_that_layers_add_count_once():
    """Though a penalty calls the decoder again, on twice as many values."""
    decoder_inputs = keras.Input((2,))
    x = keras.layers.Dense(
        5, name="inner", activity_regularizer=keras.regularizers.L2(3.0)
    )(decoder_inputs)
    x = keras.layers.Dense(64)(x)
    decoder = keras.Model(decoder_inputs, keras.layers.Reshape((8, 8, 1))(x))
    inputs = keras.Input((8, 8, 1))
    encoded = keras.layers.Dense(2)(keras.layers.Flatten()(inputs))
    model = models.Autoencoder(
        keras.Model(inputs, encoded),
        layers.ContinuousLatent(2),
        decoder,
        penalties=[Bend(["inner"], weight=0.0)],
    )
    model.compile("sgd")
    images = float_images(4)
    inner = keras.Model(decoder.input, decoder.get_layer("inner").output)
    outputs = numpy(inner(model.encode(images)))
    expected = 3 * np.sum(outputs**2) / 4  # Keras' mean over the batch
    for logs in (
        model.evaluate(images, verbose=0, return_dict=True),
        model.train_on_batch(images, return_dict=True),
    ):
        extra = float(logs["loss"]) - float(logs["reconstruction_loss"])
        assert extra == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "policy", ["mixed_float16", *slow_on("jax")("mixed_bfloat16")]
)
def test_is_computed_in_full_precision(policy):
    seen = []

    class Looks(Spread):
        def compute(self, forward, noise):
            logits, taps = forward.decode(forward.outputs.outputs)
            seen.extend(
                keras.backend.standardize_dtype(x.dtype)
                for x in (
                    forward.images,
                    forward.encoded,
                    forward.outputs.outputs,
                    forward.logits,
                    *forward.taps.values(),
                    logits,
                    *taps.values(),
                )
            )
            return super().compute(forward, noise)

    Looks.taps = ("style0",)
    keras.config.set_dtype_policy(policy)
    try:
        model = small_autoencoder(penalties=[Looks(name="spread")])
        model.train_on_batch(float_images(4))
    finally:
        keras.config.set_dtype_policy("float32")
    assert set(seen) == {"float32"}


def test_refuses():
    with pytest.raises(ValueError, match=r"nowhere; the decoder's.*style0"):
        small_autoencoder(penalties=[Bend(["style0", "nowhere"])])
    for names in (["same", "same"], ["psnr"], ["loss"], ["latent"]):
        with pytest.raises(ValueError, match=f"its own name.*{names[0]}"):
            small_autoencoder(penalties=[Spread(name=name) for name in names])
    with pytest.raises(ValueError, match=r"twice: commitment_loss; names"):
        small_autoencoder(penalties=[Spread(name="commitment_loss")])
