"""Recipes: names, overrides, and the models they build."""

import numpy as np
import pytest

from keras_qlae import recipes
from keras_qlae.recipes.parts import names_at
from tests.cases import slow_on

PAPER = {
    "latent": "ScalarCodebookQuantizer",
    "encoder": "image_encoder",
    "decoder": "style_image_decoder",
    "optimizer": "RegularizedAdamW",
    "steps": 200_000,
    "batch_size": 128,
    "learning_rate": 1e-3,
    "weight_decay": 0.1,
    "clip": 1.0,
    "num_values": 10,
    "quantization_weight": 0.01,
    "commitment_weight": 0.01,
    "size": "large",
    "image_size": 64,
}
PAPER_GAN = {
    "encoder": "image_trunk",
    "decoder": "style_image_decoder",
    "steps": 40_000,
    "batch_size": 5 * 64,
    "generator_period": 5,
    "learning_rate": 2e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "clip": 1.0,
    "latent_weight": 200.0,
    "gradient_weight": 10.0,
    "size": "large",
    "image_size": 64,
}


def values_of(recipe, names):
    """Names of parts and values of settings."""
    return {
        name: recipe.part(name).name if recipe.has(name) else recipe.value(name)
        for name in names
    }


def test_paper_recipe_is_the_paper():
    recipe = recipes.get("qlae-paper")
    assert values_of(recipe, PAPER) == PAPER
    assert not recipe.has("schedule")
    assert not recipe.penalties


@pytest.mark.parametrize(
    "name",
    ["qlae", *slow_on("jax")(*(n for n in recipes.available() if n != "qlae"))],
)
def test_every_recipe_builds(name):
    shape = (10,) if name.endswith("-vectors") else (16, 16, 3)
    recipe = recipes.get(name)
    if recipe.full_names("size"):
        recipe = recipe.override(size="tiny")
    if recipe.penalties:  # the small decoder has two stages to tap
        recipe = recipe.override(taps=["cond", "block0", "block1"])
    model = recipes.compiled_model(
        recipe, shape, num_factors=6, num_examples=50
    )
    assert model.latent.num_latents == 12
    assert type(model.latent) is recipe.part("latent").target
    assert type(model) is recipe.part("model").target
    for optimizer in optimizers_of(model):
        assert optimizer.decay == recipe.value("weight_decay")
        assert optimizer.clip == recipe.value("clip")
        assert optimizer.beta_1 == recipe.value("beta_1")
        assert optimizer.beta_2 == recipe.value("beta_2")
        assert optimizer.built


def optimizers_of(model):
    if hasattr(model.optimizer, "critic"):
        return [model.optimizer.critic, model.optimizer.generator]
    return [model.optimizer]


@pytest.mark.parametrize(
    ("name", "latent", "weight_decay"),
    [
        ("ql-info-wgan-gp-paper", "ScalarCodebookQuantizer", 1e-3),
        ("info-wgan-gp-paper", "UniformLatent", 1e-4),
    ],
)
def test_paper_recipes_of_the_gan(name, latent, weight_decay):
    expected = PAPER_GAN | {"latent": latent, "weight_decay": weight_decay}
    recipe = recipes.get(name)
    assert values_of(recipe, expected) == expected
    assert not recipe.has("schedule")
    falcor = recipes.get("ql-info-wgan-gp-paper", "falcor3d")
    assert falcor.value("weight_decay") == 1e-4


@pytest.mark.parametrize(
    ("name", "dataset", "expected"),
    [
        ("beta-vae", "shapes3d", {"kl_weight": 3.0, "weight_decay": 0.0}),
        ("beta-vae", "mpi3d_real", {"kl_weight": 0.1}),
        ("beta-vae", "falcor3d", {"kl_weight": 10.0}),
        ("beta-vae", "isaac3d", {"kl_weight": 0.3}),
        ("beta-tcvae", "shapes3d", {"total_correlation_weight": 3.0}),
        ("beta-tcvae", "mpi3d", {"total_correlation_weight": 0.3}),
        ("beta-tcvae", "isaac3d", {"total_correlation_weight": 1.0}),
        ("bio-ae", "mpi3d", {"activity_weight": 0.01, "weight_decay": 1e-4}),
        ("bio-ae", "isaac3d", {"activity_weight": 0.1}),
        ("vq-vae", "", {"quantization_weight": 1.0, "commitment_weight": 0.25}),
        ("vq-vae", "", {"num_embeddings": 512, "embedding_dim": 64}),
        ("fsq", "", {"num_values": 12, "weight_decay": 0.1}),
    ],
)
def test_paper_recipes_of_the_baselines(name, dataset, expected):
    recipe = recipes.get(f"{name}-paper", dataset)
    expected = expected | {"steps": 200_000, "size": "large"}
    assert values_of(recipe, expected) == expected


@pytest.mark.parametrize(
    ("dataset", "total_correlation", "hessian"),
    [
        ("shapes3d", 1e-4, 1e-2),
        ("mpi3d_real", 1e-8, 1e-4),
        ("falcor3d", 1e-10, 1e-2),
        ("isaac3d", 1e-4, 1e-8),
    ],
)
def test_paper_recipe_of_tripod(dataset, total_correlation, hessian):
    recipe = recipes.get("tripod-paper", dataset)
    expected = {
        "encoder": "residual_image_encoder",
        "decoder": "residual_image_decoder",
        "latent": "FiniteScalarQuantizer",
        "num_values": 12,
        "size": "large",
        "image_size": 64,
        "steps": 250_000,
        "batch_size": 64,
        "learning_rate": 2e-4,
        "weight_decay": 0.0,
        "clip": 1.0,
        "unregularized": [],
        "KernelTotalCorrelation.weight": total_correlation,
        "marginal_bandwidth": "paper",
        "HessianPenalty.weight": hessian,
        "normalized": True,
        "num_draws": 2,
        "HessianPenalty.epsilon": 0.1,
        "taps": ["cond", "block0", "block1", "block2"],
    }
    assert values_of(recipe, expected) == expected
    assert not recipe.has("schedule")


@pytest.mark.parametrize(
    ("dataset", "kl", "total_correlation"),
    [
        ("shapes3d", 1e-3, 1e-4),
        ("isaac3d", 5e-5, 5e-5),
        ("mpi3d_toy", 5e-5, 1e-6),
    ],
)
def test_paper_recipe_of_the_factor_qvae(dataset, kl, total_correlation):
    recipe = recipes.get("factor-qvae-paper", dataset)
    expected = {
        "model": "FactorVAE",
        "encoder": "dvae_image_encoder",
        "decoder": "dvae_image_decoder",
        "latent": "GumbelCodebookQuantizer",
        "likelihood": "gaussian",
        "num_values": 64,
        "discriminator_units": [1000] * 5,
        "size": "large",
        "image_size": 64,
        "steps": 50_000,
        "batch_size": 512,
        "learning_rate": 1e-3,
        "schedule": "Cosine",
        "final": 1.25e-6,
        "weight_decay": 0.0,
        "clip": None,
        "cooling_rate": 1e-5,
        "kl_weight": kl,
        "total_correlation_weight": pytest.approx(
            total_correlation * 64 * 64 * 3
        ),
    }
    assert values_of(recipe, expected) == expected


def test_penalties_of_tripod_can_be_left_out():
    recipe = recipes.get("tripod", penalties="HessianPenalty")
    assert [part.name for part in recipe.penalties] == ["HessianPenalty"]
    assert recipe.value("HessianPenalty.weight") == 1e-2
    assert recipe.value("taps") == ["cond", "block0", "block1"]
    assert not recipes.get("tripod", penalties="none").penalties


@pytest.mark.one_backend
def test_settings_reach_the_latents_of_the_baselines():
    def latent(name, **settings):
        recipe = recipes.get(name, **settings)
        return recipes.compiled_model(
            recipe, (16, 16, 1), num_factors=2, num_examples=50
        ).latent

    gaussian = latent("beta-vae", kl_weight=5.0)
    assert gaussian.loss_weights == {"kl_loss": 5.0}
    assert gaussian.num_pixel_values == 256
    tc = latent("beta-tcvae", total_correlation_weight=5.0)
    assert tc.loss_weights["total_correlation_loss"] == 5
    assert (tc.num_pixel_values, tc.num_examples) == (256, 50)
    factor = recipes.compiled_model(
        recipes.get("factor-vae", total_correlation_weight=5.0), (16, 16, 1), 2
    )
    assert factor.total_correlation_weight == 5
    assert factor.latent.loss_weights == {"kl_loss": 0.3}
    bio = latent("bio-ae", nonnegativity_weight=5.0, activity_weight=6.0)
    assert list(bio.loss_weights.values()) == [5, 6]
    vector = latent("vq-vae", num_embeddings=5, embedding_dim=6)
    assert tuple(vector.embeddings.shape) == (5, 6)
    assert latent("fsq", num_values=5).num_values == 5


@pytest.mark.one_backend
def test_every_latent_of_a_recipe_is_built():
    for latent in names_at("latent"):
        recipe = recipes.get("qlae", latent=latent)
        model = recipes.compiled_model(recipe, (8, 8, 1), 2, num_examples=50)
        assert model.latent.num_latents == 4


@pytest.mark.one_backend
def test_total_correlation_needs_the_number_of_examples():
    with pytest.raises(ValueError, match="pass `num_examples`"):
        recipes.compiled_model(recipes.get("beta-tcvae"), (16, 16, 1), 2)


@pytest.mark.one_backend
@pytest.mark.parametrize(
    "ablation",
    [
        {"shared": False},
        {"trainable_codebook": False, "quantization_weight": 0.0},
        {"weight_decay": 0.0},
        {"quantization_weight": 0.0},
    ],
    ids=["own codebooks", "fixed codebook", "no decay", "no quantization"],
)
def test_ablations_are_arguments_alone(ablation):
    recipe = recipes.get("qlae", **ablation)
    model = recipes.compiled_model(recipe, (8, 8, 1), num_factors=2)
    before = model.latent.codebooks[0]
    images = np.random.default_rng(0).uniform(size=(32, 8, 8, 1))
    model.fit(images, batch_size=16, verbose=0)
    codebook = model.latent.codebook
    assert tuple(codebook.shape) == (1 if recipe.value("shared") else 4, 7)
    moves = recipe.value("trainable_codebook") and recipe.value(
        "quantization_weight"
    )
    assert np.any(model.latent.codebooks[0] != before) == bool(moves)
    assert model.optimizer.decay == recipe.value("weight_decay")


@pytest.mark.one_backend
def test_settings_reach_the_gan():
    recipe = recipes.get(
        "ql-info-wgan-gp",
        latent_weight=3.0,
        gradient_weight=4.0,
        generator_period=5,
        steps=20,
        learning_rate=0.5,
        schedule="Cooldown",
    )
    model = recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)
    assert model.latent_weight == 3
    assert model.gradient_weight == 4
    assert model.generator_period == 5
    critic, generator = (
        optimizer.get_config()["learning_rate"]["config"]
        for optimizer in optimizers_of(model)
    )
    # Each to zero with its own last step.
    assert critic["total_steps"] == 100
    assert generator["total_steps"] == 20


@pytest.mark.one_backend
def test_settings_reach_the_model():
    recipe = recipes.get(
        "qlae",
        num_latents=5,
        num_values=3,
        shared=True,
        trainable_codebook=False,
        commitment_weight=0.5,
        decoder="image_decoder",
        schedule="Cooldown",
        steps=100,
    )
    model = recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)
    latent = model.latent
    assert latent.codebook_sizes == (3,) * 5
    assert latent.shared
    assert not latent.trainable_codebook
    assert latent.commitment_weight == 0.5
    assert "transition" in [layer.name for layer in model.decoder.layers]
    schedule = model.optimizer.get_config()["learning_rate"]
    assert schedule["class_name"] == "Cooldown"


@pytest.mark.one_backend
def test_seed_decides_the_weights():
    recipe = recipes.get("qlae")
    one, same, other = (
        recipes.compiled_model(recipe, (8, 8, 1), 2, seed=seed)
        for seed in (3, 3, 4)
    )
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [m.encoder.get_layer("conv0").kernel for m in (one, other)]
    assert not np.allclose(*map(np.asarray, kernels))


@pytest.mark.one_backend
def test_a_gan_needs_a_prior():
    recipe = recipes.get("info-wgan-gp", latent="ContinuousLatent")
    with pytest.raises(ValueError, match="no prior"):
        recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)


def test_unknown_recipe_gets_a_list_of_recipes():
    with pytest.raises(ValueError, match="Available: qlae, ae, ql-info-wgan"):
        recipes.get("qlea")


@pytest.mark.one_backend
def test_codebooks_of_the_gan_learn_slowly():
    recipe = recipes.get("ql-info-wgan-gp")
    model = recipes.compiled_model(recipe, (16, 16, 1), num_factors=2)
    before = np.stack(model.latent.codebooks)
    images = np.random.default_rng(0).uniform(size=(8, 16, 16, 1))
    model.fit(images, batch_size=8, verbose=0)
    moved = np.abs(np.stack(model.latent.codebooks) - before).max()
    # The first step of Adam is the learning rate.
    assert moved == pytest.approx(0.03 * 1e-3, rel=0.01)
