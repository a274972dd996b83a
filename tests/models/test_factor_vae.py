"""The FactorVAE: values by loops, trained variables, resuming, errors."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae import layers
from keras_qlae import models
from tests.cases import slow_on
from tests.compiled import compiled
from tests.gradients import gradients_of
from tests.models.small import float_images
from tests.models.small import integer_images
from tests.models.small import small_factor_vae

KEYS = {
    "loss",
    "reconstruction_loss",
    "kl_loss",
    "total_correlation_loss",
    "discriminator_loss",
    "psnr",
}
RNG = np.random.default_rng(0)
LATENT_NOISE = RNG.normal(size=(6, 3)).astype("float32")
ORDER_NOISE = RNG.uniform(size=(6, 3)).astype("float32")
NOISE = {"latent": LATENT_NOISE}


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def sample_of(model, images):
    """The decoder's inputs in training, in float64."""
    encoded = model.encode(images).astype("float64")
    mean, std = encoded[:, :3], np.log1p(np.exp(encoded[:, 3:]))
    return mean + std * LATENT_NOISE


def judged(model, z):
    """`D_0 - D_1` of each row, computed with the discriminator only."""
    logits = numpy(model.discriminator(ops.cast(z, "float32")))
    return [row[0] - row[1] for row in logits]


def test_losses_by_loops():
    model, images = small_factor_vae(), float_images(6)
    losses = model.compute_losses(images, noise=NOISE)
    losses = {name: float(numpy(loss)) for name, loss in losses.items()}
    assert set(losses) == KEYS - {"discriminator_loss"}
    differences = judged(model, sample_of(model, images))
    expected = sum(differences) / 6 / 64
    assert losses["total_correlation_loss"] == pytest.approx(expected, rel=1e-4)
    total = sum(w * losses[name] for name, w in model.loss_weights.items())
    assert model.loss_weights["total_correlation_loss"] == 10
    assert losses["loss"] == pytest.approx(total, rel=1e-5)


def test_discriminator_loss_by_loops():
    """Each latent permuted separately, and two cross-entropies."""
    model = small_factor_vae()
    joint, others = RNG.normal(size=(2, 6, 3)).astype("float32")
    shuffled = np.zeros_like(others)
    for latent in range(3):
        places = sorted(range(6), key=lambda i: ORDER_NOISE[i, latent])
        for i, place in enumerate(places):
            shuffled[i, latent] = others[place, latent]
    entropy = 0.0
    for z, label in ((joint, 0), (shuffled, 1)):
        for logits in numpy(model.discriminator(z)):
            shares = np.exp(logits) / np.exp(logits).sum()
            entropy -= np.log(shares[label]) / 6 / 2
    found = model.discriminator_loss(
        *(ops.convert_to_tensor(z[..., None]) for z in (joint, others)),
        ORDER_NOISE,
    )
    assert float(numpy(found)) == pytest.approx(entropy, rel=1e-5)


def test_shuffling_keeps_each_latent_and_parts_the_pairs():
    """Its latents have the same values; those of one image fall apart."""
    seen = []

    class Spied(models.FactorVAE):
        def _judge(self, parts):
            seen.append(numpy(parts))
            return super()._judge(parts)

    model = small_factor_vae(cls=Spied)
    column = np.arange(200.0, dtype="float32")
    others = np.stack([column] * 3, axis=1)[..., None]
    model.discriminator_loss(*[ops.convert_to_tensor(others)] * 2)
    joint, shuffled = (each[..., 0] for each in seen)
    np.testing.assert_array_equal(joint, others[..., 0])
    for latent in range(3):
        np.testing.assert_array_equal(np.sort(shuffled[:, latent]), column)
        assert np.mean(shuffled[:, latent] == column) < 0.1
    assert np.mean(shuffled[:, 0] == shuffled[:, 1]) < 0.1


def paths(part):
    return {v.path for v in part.trainable_variables}


def moved_by(model, loss):
    gradients = gradients_of(loss, model)
    return {
        v.path
        for v in model.trainable_variables
        if gradients[id(v)] is not None and np.abs(gradients[id(v)]).max() > 0
    }


def test_the_variables_that_each_loss_trains():
    model, images = small_factor_vae(), float_images(6)
    # What is added to both logits takes no part in their difference, and is
    # no matter of a discriminator alone.
    discriminator = paths(model.discriminator)
    assert discriminator == {v.path for v in model.discriminator_variables}

    def loss(name):
        return lambda: model.compute_losses(images, noise=NOISE)[name]

    found = moved_by(model, loss("total_correlation_loss"))
    assert found == paths(model.encoder) | discriminator
    found = moved_by(model, loss("reconstruction_loss"))
    assert found == paths(model.encoder) | paths(model.decoder)
    found = moved_by(model, loss("kl_loss"))
    assert found == paths(model.encoder)

    def discriminator_loss():
        encoded = model.encoder(images)
        parts = [
            model.latent.compute(encoded, True, noise).outputs[..., None]
            for noise in (LATENT_NOISE, -LATENT_NOISE)
        ]
        return model.discriminator_loss(*parts, ORDER_NOISE)

    assert moved_by(model, discriminator_loss) == discriminator


def values_of(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


@pytest.mark.parametrize("part", ["critic", "generator"])
def test_each_optimizer_moves_its_own_variables(part):
    model = small_factor_vae()
    groups = {
        "critic": model.discriminator_variables,
        "generator": model.autoencoder_variables,
    }
    assert sum(map(len, groups.values())) == len(model.trainable_variables)
    optimizer = getattr(model.optimizer, part)
    optimizer.learning_rate, optimizer.decay = 0.0, 0.0
    before = {name: values_of(group) for name, group in groups.items()}
    model.fit(float_images(8), batch_size=8, verbose=0)
    for name, group in groups.items():
        for old, new in zip(before[name], values_of(group), strict=True):
            assert np.any(old != new) == (name != part)


def test_fit_and_evaluate_log():
    model, images = small_factor_vae(), integer_images(8)
    history = model.fit(
        images, validation_data=images[:5], batch_size=4, verbose=0
    ).history
    assert set(history) == {p + name for p in ("", "val_") for name in KEYS}
    assert np.isfinite(list(history.values())).all()
    for optimizer in (model.optimizer.critic, model.optimizer.generator):
        assert int(ops.convert_to_numpy(optimizer.iterations)) == 2
    logs = model.evaluate(images, batch_size=8, verbose=0, return_dict=True)
    expected = np.mean(judged(model, model.codes(images))) / 64
    assert logs["total_correlation_loss"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow_on("jax")
def test_firsts_of_pairs_train_the_autoencoder():
    """Its step is that of an `Autoencoder` with them and no discriminator.

    The last of nine images has no partner.
    """
    images = float_images(9)
    pairs = small_factor_vae()
    pairs.total_correlation_weight = 0.0
    logs = pairs.train_on_batch(images, return_dict=True)
    plain = models.Autoencoder(
        *(small_factor_vae().encoder, layers.GaussianLatent(3, 64, 0.5, 3)),
        small_factor_vae().decoder,
    )
    plain.compile(
        type(pairs.optimizer.generator).from_config(
            pairs.optimizer.generator.get_config()
        )
    )
    expected = plain.train_on_batch(images[:8:2], return_dict=True)
    for name in ("reconstruction_loss", "kl_loss", "psnr"):
        assert float(logs[name]) == pytest.approx(float(expected[name]), 1e-5)
    kernels = zip(
        pairs.autoencoder_variables, plain.trainable_variables, strict=True
    )
    for a, b in kernels:
        # A step of 0.01 with Adam, which divides by gradients that may be 0.
        np.testing.assert_allclose(numpy(a), numpy(b), atol=1e-4)


def test_discriminator_learns_to_discriminate():
    """Two latents that are one number: the joint differs from the product."""
    model = small_factor_vae()
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 1, 1)).repeat(3, axis=1).astype("float32")
    z = ops.convert_to_tensor(z)
    before = float(numpy(model.discriminator_loss(z, z)))

    def step():
        model._descend(
            lambda: (model.discriminator_loss(z, z), ()),
            model.discriminator_variables,
            model.optimizer.critic,
        )

    step = compiled(step, model.variables)
    for _ in range(100):
        step()
    after = float(numpy(model.discriminator_loss(z, z)))
    assert after < 0.5 < np.log(2) - 0.1 < before
    assert np.mean(judged(model, numpy(z)[..., 0])) > 0.5


@pytest.mark.parametrize(
    "policy", ["float32", *slow_on("jax", "tensorflow")("mixed_float16")]
)
def test_a_saved_and_loaded_model_trains_as_if_never_stopped(policy, tmp_path):
    """Bit for bit, with the scales of the losses."""
    images = float_images(16)

    def fit(model, epochs):
        model.fit(images, batch_size=8, epochs=epochs, shuffle=False, verbose=0)

    keras.config.set_dtype_policy(policy)
    try:
        whole, first = small_factor_vae(), small_factor_vae()
        scaled = keras.optimizers.LossScaleOptimizer
        for optimizer in (first.optimizer.critic, first.optimizer.generator):
            assert isinstance(optimizer, scaled) == (policy != "float32")
        start = values_of(first.trainable_variables)
        fit(whole, 2)
        fit(first, 1)
        first.save(tmp_path / "model.keras")
        second = keras.saving.load_model(tmp_path / "model.keras")
        fit(second, 1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert type(second) is models.FactorVAE
    for old, new in zip(
        start, values_of(second.trainable_variables), strict=True
    ):
        assert np.any(old != new)
    for a, b in zip(whole.variables, second.variables, strict=True):
        np.testing.assert_array_equal(*values_of([a, b]), err_msg=a.path)


def test_bfloat16_is_roughly_float32():
    images = float_images(8)
    expected = small_factor_vae().train_on_batch(images, return_dict=True)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small_factor_vae()
        logs = model.train_on_batch(images, return_dict=True)
    finally:
        keras.config.set_dtype_policy("float32")
    for name in ("reconstruction_loss", "discriminator_loss"):
        assert float(logs[name]) == pytest.approx(float(expected[name]), 2e-2)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch has no such steps"
)
def test_several_steps_an_execution_are_the_same():
    runs = []
    for number in (1, 2):
        model = small_factor_vae(steps_per_execution=number)
        images = float_images(16)
        model.fit(images, batch_size=4, shuffle=False, verbose=0)
        runs.append(values_of(model.variables))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.slow_on("jax")
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.ScalarCodebookQuantizer(3, [2, 3, 4]),
        lambda: layers.VectorQuantizer(3, 5, 2, seed=3),
        lambda: layers.ContinuousLatent(3),
    ],
)
def test_any_latent_will_do(make):
    model = small_factor_vae(make())
    start = values_of(model.encoder.trainable_variables)
    logs = model.fit(float_images(8), batch_size=4, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    for old, new in zip(
        start, values_of(model.encoder.trainable_variables), strict=True
    ):
        assert np.any(old != new)


def factor_qvae(**settings):
    latent = layers.GumbelCodebookQuantizer(3, 5, kl_weight=0.1, seed=3)
    return small_factor_vae(latent, **settings)


GUMBEL = RNG.gumbel(size=(6, 3, 5)).astype("float32")


def test_discriminator_of_a_factor_qvae_sees_soft_choices():
    model, images = factor_qvae(), float_images(6)
    assert model.discriminator.input_shape == (None, 15)
    losses = model.compute_losses(images, noise={"latent": GUMBEL})
    z = model.encode(images).astype("float64")
    table = model.latent.codebooks[0]
    differences = []
    for i in range(6):
        row = []
        for j in range(3):
            e = np.exp(GUMBEL[i, j] - (z[i, j] - table) ** 2)
            row.extend(e / e.sum())
        differences += judged(model, [row])
    found = float(numpy(losses["total_correlation_loss"]))
    assert found == pytest.approx(sum(differences) / 6 / 64, rel=1e-4)


def test_the_variables_that_each_loss_of_a_factor_qvae_trains():
    model, images = factor_qvae(), float_images(6)
    discriminator, codebook = paths(model.discriminator), paths(model.latent)
    assert len(codebook) == 1

    def moved(name):
        noise = {"latent": GUMBEL}
        return moved_by(
            model, lambda: model.compute_losses(images, noise=noise)[name]
        )

    own = paths(model.encoder) | codebook
    assert moved("total_correlation_loss") == own | discriminator
    assert moved("kl_loss") == own
    assert moved("reconstruction_loss") == own | paths(model.decoder)
    parts = ops.convert_to_tensor(GUMBEL)
    assert (
        moved_by(
            model, lambda: model.discriminator_loss(parts, parts, ORDER_NOISE)
        )
        == discriminator
    )


def test_a_factor_qvae_draws_twice_per_step_and_resumes(tmp_path):
    images = float_images(16)

    def fit(model, epochs):
        model.fit(images, batch_size=8, epochs=epochs, shuffle=False, verbose=0)

    whole, first = factor_qvae(), factor_qvae()
    fit(whole, 1)
    fit(first, 1)
    assert int(first.latent.draws) == 4
    for model in (whole, first):  # an evaluation draws an order too
        model.evaluate(images, batch_size=8, verbose=0)
    fit(whole, 1)
    assert int(first.latent.draws) == 4
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    fit(second, 1)
    assert int(second.latent.draws) == int(whole.latent.draws) == 8
    for a, b in zip(whole.variables, second.variables, strict=True):
        np.testing.assert_array_equal(*values_of([a, b]), err_msg=a.path)


def test_refuses():
    model = small_factor_vae()
    with pytest.raises(ValueError, match="batches of 3 images"):
        model.fit(float_images(6), batch_size=3, verbose=0)
    with pytest.raises(ValueError, match="batches of 2 images"):
        model.fit(float_images(6), batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="use `GaussianLatent`"):
        small_factor_vae(layers.TotalCorrelationLatent(3, 64, 100))
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="Received: one for both"):
        model.compile(optimizer, optimizer)
    with pytest.raises(ValueError, match="has its own losses"):
        model.compile("adam", loss="mse")

    class Heavy(models.FactorVAE):
        def __init__(self, *args, **kwargs):
            kwargs["total_correlation_weight"] = -1.0
            super().__init__(*args, **kwargs)

    with pytest.raises(ValueError, match=r"total_correlation_weight=-1\.0"):
        small_factor_vae(cls=Heavy)
