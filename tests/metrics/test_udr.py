"""UDR against its formula, written out, and its laws."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

from keras_qlae.metrics import udr_scores

pytestmark = pytest.mark.backend_free

BOTH = pytest.mark.parametrize("correlation", ["spearman", "lasso"])


def models(seed=0, sizes=(3, 4, 3), num_samples=300):
    """Latents of the same samples: the first clean, the others mixed."""
    rng = np.random.default_rng(seed)
    sources = rng.normal(size=(num_samples, 3))
    found = [sources[:, rng.permutation(3)]]
    for size in sizes[1:]:
        weights = rng.normal(size=(3, size))
        noise = 0.2 * rng.normal(size=(num_samples, size))
        found.append(sources @ weights + noise)
    return found


def by_definition(representations, correlation):
    """Loops over models, pairs and latents."""
    scores = []
    for i, own in enumerate(representations):
        pairs = []
        for j, other in enumerate(representations):
            if i == j:
                continue
            if correlation == "spearman":
                table = np.array(
                    [[abs(spearmanr(a, b)[0]) for b in own.T] for a in other.T]
                )
            else:
                fitted = Lasso(alpha=0.1, tol=1e-9, max_iter=100_000).fit(
                    StandardScaler().fit_transform(other),
                    StandardScaler().fit_transform(own),
                )
                table = np.minimum(np.abs(fitted.coef_).T, 1)
            total = 0.0
            for lines in (table, table.T):
                for line in lines:
                    if line.sum():
                        total += line.max() ** 2 / line.sum()
            pairs.append(total / sum(table.shape))
        scores.append(np.median(pairs))
    return scores


@BOTH
@pytest.mark.parametrize("sizes", [(3, 3), (3, 4, 2), (3, 3, 5, 3)])
def test_against_the_definition(correlation, sizes):
    found = models(sizes=sizes)
    expected = by_definition(found, correlation)
    actual = udr_scores(found, correlation=correlation)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


@BOTH
def test_the_same_latents_in_another_order_sign_and_scale(correlation):
    latents, other = models(sizes=(3, 4), num_samples=5000)
    again = latents[:, [2, 0, 1]] * [-3.0, 0.5, 7.0] + 5
    scores = udr_scores([latents, again], correlation=correlation)
    np.testing.assert_allclose(scores, scores[0], rtol=1e-6)
    assert scores[0] > 0.85
    mixed = udr_scores([latents, other], correlation=correlation)
    assert mixed.max() < scores[0] - 0.1


def test_ranks_ignore_any_increasing_function():
    clean, mixed, third = models()
    expected = udr_scores([clean, mixed, third])
    actual = udr_scores([np.exp(clean), mixed**3, -third])
    np.testing.assert_allclose(actual, expected, atol=1e-12)


@BOTH
def test_the_order_of_models_and_latents_does_not_matter(correlation):
    found = models()
    expected = udr_scores(found, correlation=correlation)
    turned = [found[k][:, ::-1] for k in (2, 0, 1)]
    actual = udr_scores(turned, correlation=correlation)
    np.testing.assert_allclose(actual, expected[[2, 0, 1]], atol=1e-6)


@BOTH
def test_inactive_latents_do_not_count(correlation):
    found = models()
    expected = udr_scores(found, correlation=correlation)
    noise = np.random.default_rng(1).normal(size=(3, 300, 2))
    padded = [
        np.hstack([x, 1e-3 * y, 0 * y])
        for x, y in zip(found, noise, strict=True)
    ]
    actual = udr_scores(padded, correlation=correlation)
    np.testing.assert_allclose(actual, expected, atol=1e-9)
    masks = [[True] * x.shape[1] + [False] * 2 for x in found]
    loud = [np.hstack(pair) for pair in zip(found, noise, strict=True)]
    masked = udr_scores(loud, correlation=correlation, active=masks)
    np.testing.assert_allclose(masked, expected, atol=1e-9)
    assert (udr_scores(loud, correlation=correlation) < expected).all()


@BOTH
def test_models_that_use_no_latent_score_zero(correlation):
    nothing = np.ones((300, 2))
    scores = udr_scores([models()[0], nothing], correlation=correlation)
    assert scores.tolist() == [0.0, 0.0]


@pytest.mark.slow
@BOTH
def test_two_thousand_random_inputs(correlation):
    rng = np.random.default_rng(2)
    for _ in range(2000):
        num_samples = int(rng.integers(2, 40))
        found = []
        for _ in range(rng.integers(2, 4)):
            shape = num_samples, int(rng.integers(1, 4))
            latents = rng.normal(size=shape) * 10.0 ** rng.integers(-300, 300)
            kind = rng.integers(4)
            if kind == 0:
                latents = rng.integers(0, 3, shape)
            if kind == 1:
                latents[:, 0] = 0.5
            found.append(latents)
        scores = udr_scores(found, correlation=correlation)
        assert np.isfinite(scores).all()
        assert ((scores >= 0) & (scores <= 1)).all()
        again = udr_scores(found[::-1], correlation=correlation)
        np.testing.assert_allclose(again[::-1], scores, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([np.eye(3)], {}, "at least 2 models.*Received: 1"),
        ([np.eye(3), np.eye(4)], {}, r"same samples.*\[3, 4\]"),
        ([np.eye(3)] * 2, {"correlation": "rdc"}, "'rdc'"),
        ([np.eye(3)] * 2, {"active": [[True] * 3]}, "2 models.*1 masks"),
        ([np.eye(3), np.full((3, 3), np.nan)], {}, "finite"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        udr_scores(arguments, **options)
