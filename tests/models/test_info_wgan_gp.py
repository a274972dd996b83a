"""The InfoGAN: trained variables, fitting, saving, resuming, errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from tests.cases import slow_on
from tests.models.small import SIZE
from tests.models.small import small_gan

IMAGES = np.random.default_rng(0).random((24, 8, 8, 1), "float32")


def gan(latent=None, **kwargs):
    return small_gan(latent, compiled=False, **kwargs)


def values_of(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def moved(before, variables):
    pairs = zip(before, values_of(variables), strict=True)
    return [not np.array_equal(a, b) for a, b in pairs]


@pytest.mark.parametrize(
    "quantizes", [True, *slow_on("tensorflow", "jax")(False)]
)
def test_each_optimizer_moves_its_own_variables(quantizes):
    latent = None if quantizes else layers.UniformLatent(3)
    model = small_gan(latent)
    critic, generator = model.critic_variables, model.generator_variables
    assert len(critic) + len(generator) == len(model.trainable_variables)
    # A generator that stands still: the critic's step alone.
    rate = model.optimizer.generator
    rate.learning_rate, rate.decay = 0.0, 0.0
    before, other = values_of(generator), values_of(critic)
    model.fit(IMAGES, batch_size=12, epochs=1, verbose=0)
    assert not any(moved(before, generator))
    # The last bias cancels out of every loss of the critic.
    still = [
        variable.path
        for variable, has_moved in zip(
            critic, moved(other, critic), strict=True
        )
        if not has_moved
    ]
    assert still == [model.trunk.layers[-1].bias.path]
    model = small_gan(latent and layers.UniformLatent(3))
    rate = model.optimizer.critic
    rate.learning_rate, rate.decay = 0.0, 0.0
    before = values_of(model.critic_variables)
    other = values_of(model.generator_variables)
    model.fit(IMAGES, batch_size=12, epochs=1, verbose=0)
    assert not any(moved(before, model.critic_variables))
    assert all(moved(other, model.generator_variables))


@pytest.mark.slow_on("tensorflow", "jax")
def test_grey_images_in_float64(float64):
    """PyTorch refused them: `grad_weight must be contiguous`."""
    model = small_gan()
    before = values_of(model.trainable_variables)
    images = IMAGES.astype("float64")
    history = model.fit(images, batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    after = values_of(model.trainable_variables)
    assert {value.dtype for value in after} == {np.dtype("float64")}
    assert sum(moved(before, model.trainable_variables)) == len(before) - 1


def test_fit_counts_updates_and_logs():
    model = small_gan()
    history = model.fit(IMAGES, batch_size=8, epochs=2, verbose=0).history
    assert int(ops.convert_to_numpy(model.optimizer.critic.iterations)) == 12
    assert int(ops.convert_to_numpy(model.optimizer.generator.iterations)) == 6
    assert set(history) == {
        "critic_loss",
        "value_loss",
        "gradient_loss",
        "gradient_norm",
        "latent_loss",
        "quantization_loss",
        "commitment_loss",
        "generator_loss",
    }
    assert np.isfinite(list(history.values())).all()
    logs = model.evaluate(IMAGES, batch_size=8, verbose=0, return_dict=True)
    assert set(logs) == set(history)


@pytest.mark.slow_on("jax")
def test_minibatch_is_every_nth_image(monkeypatch):
    model = small_gan(
        settings={"run_eagerly": keras.backend.backend() == "tensorflow"}
    )
    if keras.backend.backend() == "jax":
        model.run_eagerly = True
    seen = []
    update = models.InfoWGANGP._update_critic

    def spy(self, images, batch_size):
        seen.append(np.array(ops.convert_to_numpy(images)))
        update(self, images, batch_size)

    monkeypatch.setattr(models.InfoWGANGP, "_update_critic", spy)
    model.fit(IMAGES[:8], batch_size=8, shuffle=False, verbose=0)
    np.testing.assert_array_equal(seen[0], IMAGES[:8][0::2])
    np.testing.assert_array_equal(seen[1], IMAGES[:8][1::2])


def test_without_latent_weights_it_is_a_wgan():
    """The latent head then gets no gradient: only decay changes it."""
    latent = layers.UniformLatent(3)
    model = small_gan(latent, latent_weight=0.0)
    model.optimizer.critic.decay = 0.0
    head = model.trunk.get_layer("head")
    before = values_of(head.variables)
    model.fit(IMAGES, batch_size=12, verbose=0)
    assert not any(moved(before, head.variables))


@pytest.mark.slow_on("jax", "tensorflow")
def test_a_saved_and_loaded_model_trains_as_if_never_stopped(tmp_path):
    whole = small_gan()
    whole.fit(IMAGES, batch_size=8, epochs=2, shuffle=False, verbose=0)
    first = small_gan()
    first.fit(IMAGES, batch_size=8, epochs=1, shuffle=False, verbose=0)
    first.save(tmp_path / "gan.keras")
    second = keras.saving.load_model(tmp_path / "gan.keras")
    second.fit(IMAGES, batch_size=8, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(
        values_of(whole.variables), values_of(second.variables), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_codes_images_and_back():
    model = gan()
    codes = model.codes(IMAGES)
    assert codes.shape == (24, 3)
    assert codes.dtype == "int32"
    np.testing.assert_array_equal(
        model.generate(codes), model.reconstruct(IMAGES)
    )
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, 3))
    assert model.sample(5).min() >= 0
    assert np.any(model.sample(5) != model.sample(5))
    latents = ops.convert_to_numpy(model.trunk(IMAGES)[0])
    np.testing.assert_allclose(model.encode(IMAGES), latents, atol=1e-6)


def test_gradient_losses_are_those_of_the_norms():
    model = gan()
    x = ops.convert_to_tensor(IMAGES[:4])
    z = model.latent.sample(4, seed=0)
    epsilon = ops.ones((4,))
    losses = model.critic_losses(x, z, epsilon)
    # At epsilon 1 the interpolation is the real image: finite differences.
    critic = keras.Model(model.trunk.input, model.trunk.outputs[1])
    step = 1e-2
    norms = []
    for image in IMAGES[:4]:
        offsets = step * np.eye(64, dtype="float32").reshape(64, 8, 8, 1)
        up = ops.convert_to_numpy(critic(image + offsets))[:, 0]
        down = ops.convert_to_numpy(critic(image - offsets))[:, 0]
        norms.append(np.linalg.norm((up - down) / (2 * step)))
    # Leaky ReLUs bend: an average over many pixels is right to a few percent.
    assert ops.convert_to_numpy(losses["gradient_norm"]) == pytest.approx(
        np.mean(norms), rel=0.1
    )


def test_refuses():
    with pytest.raises(ValueError, match="two heads"):
        models.InfoWGANGP(
            networks.style_image_decoder(3, (8, 8, 1), **SIZE),
            networks.image_encoder((8, 8, 1), 3, **SIZE),
            layers.UniformLatent(3),
        )
    with pytest.raises(ValueError, match="generator's input must be 4 wide"):
        models.InfoWGANGP(
            networks.style_image_decoder(3, (8, 8, 1), **SIZE),
            networks.image_trunk((8, 8, 1), 4, **SIZE),
            layers.UniformLatent(4),
        )
    with pytest.raises(ValueError, match="trunk's output must be 4 wide"):
        models.InfoWGANGP(
            networks.style_image_decoder(4, (8, 8, 1), **SIZE),
            networks.image_trunk((8, 8, 1), 3, **SIZE),
            layers.UniformLatent(4),
        )
    with pytest.raises(ValueError, match="no prior"):
        gan(layers.ContinuousLatent(3))
    with pytest.raises(ValueError, match="`generator_period` must be"):
        gan(generator_period=0)
    with pytest.raises(ValueError, match=r"generator_period=2\.5"):
        gan(generator_period=2.5)
    image = keras.Input((8, 8, 1))
    heads = [
        keras.layers.Dense(width, kernel_regularizer="l2")(
            keras.layers.Flatten()(image)
        )
        for width in (3, 1)
    ]
    with pytest.raises(ValueError, match="`trunk` has losses of its own"):
        models.InfoWGANGP(
            networks.style_image_decoder(3, (8, 8, 1), **SIZE),
            keras.Model(image, heads),
            layers.UniformLatent(3),
        )
    with pytest.raises(ValueError, match=r"makes \(16, 16, 1\), a trunk"):
        models.InfoWGANGP(
            networks.style_image_decoder(3, (16, 16, 1), **SIZE),
            networks.image_trunk((8, 8, 1), 3, **SIZE),
            layers.UniformLatent(3),
        )
    with pytest.raises(ValueError, match="gradient_weight=-1"):
        gan(gradient_weight=-1)
    with pytest.raises(ValueError, match="two optimizers"):
        gan().compile("adam")
    for size in (3, 2, 1):
        with pytest.raises(ValueError, match=f"batches of {size} images"):
            small_gan().fit(IMAGES, batch_size=size, verbose=0)
    with pytest.raises(ValueError, match="compile"):
        gan().fit(IMAGES, batch_size=8, verbose=0)


@pytest.mark.parametrize("number", [25, 26])
def test_refuses_a_last_batch_that_cannot_be_split(number):
    """25 leave one image to a period of 2, 26 leave minibatches of one."""
    images = np.resize(IMAGES, (number, *IMAGES.shape[1:]))
    model = small_gan()
    wanted = f"batches of {number % 8} images, generator_period=2"
    with pytest.raises(ValueError, match=wanted):
        model.fit(images, batch_size=8, verbose=0)
    whole, split = np.resize(images, (60, 8, 8, 1)), 1 - (number + 0.5) / 60
    with pytest.raises(ValueError, match=wanted):
        model.fit(whole, batch_size=8, validation_split=split, verbose=0)
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(images)
    with pytest.raises(ValueError, match="batches of a size that may vary"):
        model.fit(data.batch(8), verbose=0)
    assert int(model.optimizer.critic.iterations) == 0
    model.fit(data.batch(8, drop_remainder=True), verbose=0)
    assert int(model.optimizer.critic.iterations) == 2 * 3


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="a limit of PyTorch"
)
def test_pytorch_cannot_compile_it():
    with pytest.raises(ValueError, match="double backward"):
        small_gan(settings={"jit_compile": True})


def test_refuses_sample_weights_of_a_data_set():
    weighted = (IMAGES[:8], np.zeros(8), np.ones(8))
    model = small_gan()
    for step in (model.update, model.assess):
        with pytest.raises(ValueError, match="does not use sample weights"):
            step(weighted)
