"""Scores of arrays of any kind: finite, in range, invariant where promised."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_qlae import metrics
from tests.cases import random_cases

# A factor of a single value, one that the others determine, and samples with
# nobody to compare come up all the time.
pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore:Left out the factors"),
    pytest.mark.filterwarnings("ignore:cInfoM and cInfoC"),
]

KINDS = ("codes", "normal", "tied", "constant", "huge", "tiny", "mixed")


def draw(rng):
    """Factors and latents of 2 to 60 samples and 1 to 5 columns each."""
    num_samples = int(rng.integers(2, 61))
    num_factors, num_latents = rng.integers(1, 6, 2)
    sizes = rng.integers(1, 7, num_factors)
    factors = rng.integers(0, sizes, (num_samples, num_factors)) - 2
    shape = num_samples, num_latents
    kind = rng.choice(KINDS)
    if kind == "codes":
        return factors, rng.integers(0, rng.integers(1, 9), shape)
    latents = rng.normal(size=shape)
    if kind == "tied":
        latents = latents.round(1)
    if kind == "constant":
        latents[:, 0] = 0.3
    if kind == "huge":
        latents *= 10.0 ** rng.integers(200, 307)
    if kind == "tiny":
        latents *= 10.0 ** rng.integers(-320, -200)
    if kind == "mixed":
        latents = factors @ rng.normal(size=(num_factors, num_latents))
    return factors, latents


def spearman(factors, latents):
    return metrics.mcc_score(factors, latents, correlation="spearman")


def factor_vae(factors, latents):
    return metrics.factor_vae_score(factors, latents, num_votes=20)


def mig(factors, latents):
    return metrics.mig_score(factors, latents)


def sap(factors, latents):
    return metrics.sap_score(factors, latents, method="correlation")


def multi_information(factors, latents):
    return metrics.normalized_multi_information(factors)


def usage(factors, latents):
    """Of codes from 0 to 6; the perplexity is at most the number of codes."""
    found = metrics.code_usage(factors + 2, 7)
    assert (found.num_dead < 7).all()
    return float(found.perplexity.mean() / 7)


def udr(factors, latents):
    """Of two representations with the same columns in two orders."""
    return float(metrics.udr_scores([latents, latents[:, ::-1]]).mean())


# Each with its share of 300 cases: a tree or a classifier takes longer.
SCORES = {
    metrics.mcc_score: 1.0,
    spearman: 1.0,
    metrics.linear_r2_score: 1.0,
    metrics.conditional_infomec: 1.0,
    metrics.irs_score: 1 / 3,
    metrics.infomec: 1 / 3,
    metrics.dci_scores: 1 / 15,
    factor_vae: 1 / 3,
    mig: 1 / 3,
    metrics.modularity_score: 1 / 3,
    metrics.explicitness_score: 1 / 15,
    sap: 1 / 3,
    metrics.infoe_score: 1 / 3,
    multi_information: 1 / 3,
    usage: 1 / 3,
    udr: 1 / 3,
}
# Parts of others above, what calls them, and scores of images.
ELSEWHERE = {
    *("active_latents", "infoc_score", "infom_score", "mutual_information"),
    *("normalized_mutual_information", "all_scores", "psnr", "ssim"),
}
# A tie between two latents or factors is broken by chance, not by content.
ORDERED = {factor_vae}


def numbers(result):
    """The scores of a result, and all its numbers."""
    if isinstance(result, float):
        return [result], [result]
    fields = [np.asarray(value, float) for value in vars(result).values()]
    scores = [float(field) for field in fields if field.ndim == 0]
    return scores, np.concatenate([field.ravel() for field in fields])


def check(score, seed):
    rng = np.random.default_rng(seed)
    factors, latents = draw(rng)
    scores, values = numbers(score(factors, latents))
    assert np.isfinite(values).all(), (factors, latents)
    assert min(values) >= 0, (factors, latents)
    assert max(values) <= 1 + 1e-12, (factors, latents)
    if score in ORDERED:
        return
    permuted, _ = numbers(
        score(
            factors[:, rng.permutation(factors.shape[1])],
            latents[:, rng.permutation(latents.shape[1])],
        )
    )
    np.testing.assert_allclose(permuted, scores, atol=1e-7)


def test_every_metric_has_a_row():
    tested = [score.__name__ for score in SCORES]
    for name in metrics.__all__:
        if inspect.isfunction(getattr(metrics, name)):
            has_row = any(each in name for each in tested)
            assert has_row != (name in ELSEWHERE), name


@pytest.mark.parametrize("score", SCORES)
def test_scores_are_in_range_whatever_the_order_of_columns(score):
    @random_cases(SCORES[score])
    @given(st.integers(0, 2**63))
    def any_case(seed):
        check(score, seed)

    any_case()
