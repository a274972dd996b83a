"""Laws of all scores of latents against factors, in one table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free


@dataclass(frozen=True)
class Law:
    """A score and what it says of its own perfect and chance values."""

    score: Any
    perfect: float = 1.0
    chance: float | None = 0.0  # None: not a fixed value
    constant: float = 0.0
    ignores_scale: bool = True
    tolerance: float = 0.0  # of reordered columns


LAWS = {
    "infom": Law(lambda s, z: metrics.infomec(s, z).infom, chance=None),
    "infoe": Law(
        lambda s, z: metrics.infomec(s, z).infoe, perfect=0.99, tolerance=2e-3
    ),
    "infoc": Law(lambda s, z: metrics.infomec(s, z).infoc, chance=None),
    "mig": Law(metrics.mig_score),
    "modularity": Law(metrics.modularity_score, chance=None),
    "sap": Law(metrics.sap_score, perfect=0.2, ignores_scale=False),
    "sap_correlation": Law(
        lambda s, z: metrics.sap_score(s, z, method="correlation"),
        perfect=0.98,
    ),
    "explicitness": Law(
        metrics.explicitness_score, perfect=0.9, chance=0.5, constant=0.5
    ),
    "irs": Law(metrics.irs_score, chance=None),
    "factor_vae": Law(
        lambda s, z: metrics.factor_vae_score(s, z, num_votes=400),
        chance=None,
        ignores_scale=False,
        tolerance=0.02,
    ),
    "dci_disentanglement": Law(
        lambda s, z: metrics.dci_scores(s, z).disentanglement,
        perfect=0.999,
        chance=None,
        tolerance=0.01,
    ),
    "dci_completeness": Law(
        lambda s, z: metrics.dci_scores(s, z).completeness,
        perfect=0.999,
        chance=None,
        tolerance=0.01,
    ),
    "dci_informativeness": Law(
        lambda s, z: metrics.dci_scores(s, z).informativeness,
        chance=None,
        constant=0.3,
        tolerance=0.02,
    ),
}
FACTORS = np.stack(np.indices((3, 4, 10)), -1).reshape(-1, 3)[:, :2]
each = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


@each
def test_a_perfect_representation(law):
    assert law.perfect <= law.score(FACTORS, FACTORS) + 1e-9 <= 1 + 1e-8


@pytest.mark.parametrize(
    "law",
    [law for law in LAWS.values() if law.chance is not None],
    ids=[name for name, law in LAWS.items() if law.chance is not None],
)
def test_latents_that_know_nothing(law):
    latents = np.random.default_rng(0).normal(size=(2400, 2))
    score = law.score(np.tile(FACTORS, (20, 1)), latents)
    assert score == pytest.approx(law.chance, abs=0.05)


@each
def test_the_order_of_columns_does_not_matter(law):
    noise = np.random.default_rng(0).normal(size=FACTORS.shape)
    latents = FACTORS @ [[1.0, 0.3], [0.1, 1.0]] + 0.1 * noise
    expected = law.score(FACTORS, latents)
    actual = law.score(FACTORS[:, ::-1], latents[:, ::-1])
    assert actual == pytest.approx(expected, abs=law.tolerance + 1e-9)


@each
def test_the_scale_of_all_latents_does_not_matter(law):
    if not law.ignores_scale:
        return
    latents = FACTORS @ [[1.0, 0.3], [0.1, 1.0]]
    expected = law.score(FACTORS, latents)
    actual = law.score(FACTORS, latents * 1024)
    assert actual == pytest.approx(expected, abs=law.tolerance + 1e-9)


@each
@pytest.mark.filterwarnings("ignore:Left out the factors")
def test_constant_latents_and_constant_factors(law):
    constant = law.score(FACTORS, np.ones((len(FACTORS), 2)))
    if law.constant == 0:
        assert constant == 0
    assert 0 <= constant <= 0.5
    nothing = law.score(np.ones_like(FACTORS), FACTORS.astype(float))
    assert nothing in (0, 0.5)
