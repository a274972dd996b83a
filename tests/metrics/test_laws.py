"""Laws of all scores, in two tables: of latents, and of images."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free

# Every combination of two factors, equally often, with two latents that
# share nothing with them, exactly.
_GRID = np.stack(np.indices((3, 2, 5, 5, 8)), -1).reshape(-1, 5)
FACTORS, UNRELATED = _GRID[:, :2], _GRID[:, 2:4]
NOISE = np.random.default_rng(0).normal(size=FACTORS.shape)
MOST_FREQUENT = (1 / 3 + 1 / 2) / 2  # share of a value, mean over factors
# Fewer samples, of latents that mix the factors somewhat.
FEW = FACTORS[::2]
MIXED = FEW @ [[1.0, 0.3], [0.1, 1.0]] + 0.1 * NOISE[::2]


@dataclass(frozen=True)
class Law:
    """A score of factors and latents, and what it says of itself.

    Attributes:
        score: Called with factors and latents.
        perfect: Of latents that are the factors.
        chance: Of codes that share nothing with the factors.
        noise: Of normal noise; `None` where that has no fixed value.
        constant: Of latents with one value.
        with_constant: Of perfect latents and one of one value, relative to
            `perfect`.
        no_factor: Where no factor varies.
        one_factor: Of the first factor, of latents that are both.
        scale: What may be rescaled: "each" latent, "all" by one number, or
            "none".
        ignores_names: Whether the values of a factor may be renamed.
        tolerance: Of changes that should not matter.
        margin: Of estimates from these samples.
    """

    score: Callable[[Any, Any], float]
    perfect: float = 1.0
    chance: float = 0.0
    noise: float | None = 0.0
    constant: float = 0.0
    with_constant: float = 1.0
    no_factor: float = 0.0
    one_factor: float = 1.0
    scale: str = "each"
    ignores_names: bool = True
    tolerance: float = 1e-9
    margin: float = 1e-9


def _of_nmi(score):
    def of_latents(factors, latents):
        nmi = metrics.normalized_mutual_information(factors, latents)
        return score(nmi[np.ptp(factors, axis=0) > 0])

    return of_latents


_DCI = {}


def _of_dci(part):
    """The three parts of DCI are computed once."""

    def of_latents(factors, latents):
        key = factors.tobytes(), latents.tobytes()
        if key not in _DCI:
            _DCI[key] = metrics.dci_scores(factors, latents)
        return getattr(_DCI[key], part)

    return of_latents


def _of_infomec(part):
    return lambda factors, latents: getattr(
        metrics.infomec(factors, latents), part
    )


def _of_conditional(part):
    return lambda factors, latents: getattr(
        metrics.conditional_infomec(factors, latents), part
    )


# Named for what is public, with a dot before the part or the method.
LAWS = {
    "infomec.infom": Law(_of_infomec("infom"), noise=None, scale="all"),
    "infomec.infoe": Law(_of_infomec("infoe"), tolerance=1e-3, margin=5e-3),
    "infomec.infoc": Law(_of_infomec("infoc"), noise=None, scale="all"),
    "infom_score": Law(
        _of_nmi(metrics.infom_score), noise=None, with_constant=2 / 3
    ),
    "infoe_score": Law(metrics.infoe_score, tolerance=1e-3, margin=5e-3),
    "infoc_score": Law(_of_nmi(metrics.infoc_score), noise=None),
    "mig_score": Law(metrics.mig_score, margin=0.01),
    "modularity_score": Law(
        metrics.modularity_score,
        noise=None,
        with_constant=2 / 3,
        one_factor=1 / 2,
    ),
    "sap_score.accuracy": Law(
        metrics.sap_score,
        perfect=1 - MOST_FREQUENT,
        one_factor=1 - 1 / 3,
        scale="none",
        tolerance=0.01,
        margin=0.05,
    ),
    "sap_score.correlation": Law(
        functools.partial(metrics.sap_score, method="correlation"),
        ignores_names=False,
        margin=0.01,
    ),
    "explicitness_score": Law(
        metrics.explicitness_score,
        chance=0.5,
        noise=0.5,
        constant=0.5,
        no_factor=0.5,
        tolerance=1e-3,
        margin=0.05,
    ),
    # The second latent, which moves half as far, does not follow the factor.
    "irs_score": Law(
        metrics.irs_score, noise=None, one_factor=2 / 3, scale="all"
    ),
    "factor_vae_score": Law(
        functools.partial(metrics.factor_vae_score, num_votes=400),
        chance=1 / 2,
        noise=1 / 2,
        scale="none",
        tolerance=0.02,
        margin=0.05,
    ),
    "dci_scores.disentanglement": Law(
        _of_dci("disentanglement"), tolerance=0.01, margin=0.05
    ),
    "dci_scores.completeness": Law(
        _of_dci("completeness"), tolerance=0.01, margin=0.05
    ),
    "dci_scores.informativeness": Law(
        _of_dci("informativeness"),
        chance=MOST_FREQUENT,
        noise=MOST_FREQUENT,
        constant=MOST_FREQUENT,
        tolerance=0.01,
        margin=0.15,
    ),
    "conditional_infomec.infom": Law(
        _of_conditional("infom"), noise=None, scale="all"
    ),
    "conditional_infomec.infoc": Law(
        _of_conditional("infoc"), noise=None, scale="all"
    ),
    # Of a correlation by chance, about 1/sqrt(number of samples).
    "mcc_score.pearson": Law(
        metrics.mcc_score, ignores_names=False, margin=0.06
    ),
    "mcc_score.spearman": Law(
        functools.partial(metrics.mcc_score, correlation="spearman"),
        ignores_names=False,
        margin=0.06,
    ),
    "linear_r2_score": Law(
        metrics.linear_r2_score, ignores_names=False, margin=0.02
    ),
}


@dataclass(frozen=True)
class ImageLaw:
    """A score of images and their reconstructions.

    Attributes:
        score: Called with images and reconstructions; a number an image.
        identical: Of equal images.
        brighter: Of flat images of 0.4 and 0.5.
        darker: What halving all values adds; `None`: not the same for all.
    """

    score: Callable[[Any, Any], Any]
    identical: float
    brighter: float
    darker: float | None


IMAGE_LAWS = {
    "psnr": ImageLaw(
        metrics.psnr, identical=120, brighter=20, darker=20 * np.log10(2)
    ),
    "ssim": ImageLaw(
        metrics.ssim,
        identical=1,
        # Of luminance alone, with the constant K1² = 0.0001.
        brighter=(2 * 0.4 * 0.5 + 1e-4) / (0.4**2 + 0.5**2 + 1e-4),
        darker=None,
    ),
}
_RNG = np.random.default_rng(1)
IMAGES = _RNG.integers(0, 256, (3, 13, 16, 3), np.uint8)
REBUILT = (0.8 * IMAGES + 0.2 * np.roll(IMAGES, 1, 0)).astype(np.uint8)
# Tables and masks, from which scores are made.
NO_SCORES = {
    "CodeUsage",
    "ConditionalInfoMECResult",
    "DCIResult",
    "InfoMECResult",
    "VARIANTS",
    "active_latents",
    "all_scores",
    "code_usage",
    "mutual_information",
    "normalized_multi_information",
    "normalized_mutual_information",
    "udr_scores",  # of models against one another: test_udr.py
}
each = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def test_every_score_has_its_row():
    rows = {name.split(".")[0] for name in [*LAWS, *IMAGE_LAWS]}
    assert rows == set(metrics.__all__) - NO_SCORES


@each
def test_perfect_latents(law):
    score = law.score(FACTORS, FACTORS)
    # SAP's second best latent knows nothing, up to chance.
    margin = 0.03 if law.perfect < 1 else 1e-3
    assert score == pytest.approx(law.perfect, abs=margin)
    assert score <= 1


@each
def test_latents_without_information(law):
    unrelated = law.score(FACTORS, UNRELATED)
    assert unrelated == pytest.approx(law.chance, abs=law.margin)
    noise = law.score(FACTORS, NOISE)
    if law.noise is not None:
        assert noise == pytest.approx(law.noise, abs=law.margin)
    assert 0 <= noise <= 1


@each
def test_the_order_of_latents_does_not_matter(law):
    expected = law.score(FEW, MIXED)
    actual = law.score(FEW, MIXED[:, ::-1])
    assert actual == pytest.approx(expected, abs=law.tolerance)


@each
def test_the_order_of_factors_does_not_matter(law):
    expected = law.score(FEW, MIXED)
    actual = law.score(FEW[:, ::-1], MIXED)
    assert actual == pytest.approx(expected, abs=law.tolerance)


@each
def test_renaming_values_changes_the_scores_that_say_so(law):
    expected = law.score(FEW, MIXED)
    actual = law.score(np.array([7, -1, 3])[FEW], MIXED)
    is_equal = actual == pytest.approx(expected, abs=law.tolerance)
    assert is_equal == law.ignores_names


@each
def test_scaling_latents_changes_the_scores_that_say_so(law):
    expected = pytest.approx(law.score(FEW, MIXED), abs=law.tolerance)
    is_same = law.score(FEW, MIXED / 1024) == expected
    assert is_same == (law.scale in ("each", "all"))
    if law.scale != "none":
        is_same = law.score(FEW, MIXED / (1, 1024)) == expected
        assert is_same == (law.scale == "each")


@each
def test_constant_latents(law):
    score = law.score(FACTORS, np.full(FACTORS.shape, 0.5))
    assert score == pytest.approx(law.constant, abs=law.margin)
    # One more, beside a perfect latent for each factor.
    padded = np.pad(FACTORS, ((0, 0), (0, 1)), constant_values=7)
    expected = law.score(FACTORS, FACTORS) * law.with_constant
    actual = law.score(FACTORS, padded)
    assert actual == pytest.approx(expected, abs=law.tolerance)


@each
@pytest.mark.filterwarnings("ignore:Left out the factors")
def test_factors_of_one_value(law):
    assert law.score(np.ones_like(FACTORS), FACTORS) == law.no_factor
    # Beside others they change nothing.
    padded = np.pad(FEW, ((0, 0), (0, 1)), constant_values=7)
    expected = law.score(FEW, MIXED)
    assert law.score(padded, MIXED) == pytest.approx(expected, abs=1e-9)


@each
def test_one_factor(law):
    score = law.score(FACTORS[:, :1], FACTORS)
    assert score == pytest.approx(law.one_factor, abs=law.margin)


each_of_images = pytest.mark.parametrize(
    "law", IMAGE_LAWS.values(), ids=IMAGE_LAWS
)


@each_of_images
def test_identical_and_brighter_images(law):
    np.testing.assert_allclose(law.score(IMAGES, IMAGES), [law.identical] * 3)
    flat = np.full(IMAGES.shape, 0.4)
    scores = law.score(flat, flat + 0.1)
    np.testing.assert_allclose(scores, [law.brighter] * 3, rtol=1e-9)
    assert (law.score(IMAGES, REBUILT) < law.identical).all()


@each_of_images
def test_which_image_is_the_reconstruction_does_not_matter(law):
    np.testing.assert_allclose(
        law.score(REBUILT, IMAGES), law.score(IMAGES, REBUILT), rtol=1e-12
    )


@each_of_images
def test_the_order_of_images_sides_and_channels_does_not_matter(law):
    expected = law.score(IMAGES, REBUILT)
    for turn in (
        lambda x: x[..., ::-1],
        lambda x: x[:, :, ::-1],
        lambda x: x.swapaxes(1, 2),
    ):
        np.testing.assert_allclose(
            law.score(turn(IMAGES), turn(REBUILT)), expected
        )
    np.testing.assert_allclose(
        law.score(IMAGES[::-1], REBUILT[::-1]), expected[::-1]
    )


@each_of_images
def test_bytes_and_floats_are_the_same(law):
    actual = law.score(IMAGES / 255, REBUILT)
    np.testing.assert_allclose(actual, law.score(IMAGES, REBUILT))


@each_of_images
def test_halving_images_changes_the_scores_that_say_so(law):
    change = law.score(IMAGES / 510, REBUILT / 510) - law.score(IMAGES, REBUILT)
    if law.darker is None:
        assert (np.abs(change) > 1e-4).all()
    else:
        np.testing.assert_allclose(change, law.darker)


def test_the_factor_vae_score_saturates():
    """As its docstring says; MIG does not."""
    entangled = np.repeat(FACTORS @ [[1.0, 0.3], [0.3, 1.0]], 3, axis=1)
    assert metrics.factor_vae_score(FACTORS, entangled, num_votes=400) == 1
    assert metrics.mig_score(FACTORS, entangled, False) < 0.01


@pytest.mark.parametrize(
    ("num_values", "expected"), [(2, 1), (3, 1), (4, 1), (5, 0.61), (8, 0.40)]
)
def test_saps_classifier_fails_on_many_values_of_one_latent(
    num_values, expected
):
    """As its docstring says; explicitness can."""
    factor = np.tile(np.arange(num_values), 4000 // num_values)[:, None]
    assert metrics.sap_score(factor, factor) == pytest.approx(
        expected, abs=0.01
    )
    assert metrics.explicitness_score(factor, factor) == 1
