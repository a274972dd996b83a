"""InfoMEC against the paper's values, its laws and its edges."""

import json
import pathlib
import time

import hypothesis
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import strategies as st

from keras_qlae.metrics import infoc_score
from keras_qlae.metrics import infoe_score
from keras_qlae.metrics import infom_score
from keras_qlae.metrics import infomec
from keras_qlae.metrics import normalized_mutual_information

REFERENCE = pathlib.Path(__file__).parents[1] / "reference" / "infomec.npz"
CASES = ["discrete_modular", "discrete_mixed", "discrete_split", "continuous"]

# A factor of a single value is an edge that hypothesis finds at once.
pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.filterwarnings("ignore:Left out the factors"),
]

settings = hypothesis.settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as values:
        return dict(values)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("active", ["range", "iqr"])
def test_values_of_the_paper(reference, case, active):
    prefix = f"{case}/" if active == "range" else f"{case}/iqr_rule/"
    is_discrete = bool(reference[f"{case}/discrete"])
    # The paper's code breaks ties with a jitter that it does not seed.
    atol = 1e-9 if is_discrete else 2e-3
    result = infomec(
        reference["sources"], reference[f"{case}/latents"], is_discrete, active
    )
    np.testing.assert_allclose(result.nmi, reference[f"{case}/nmi"], atol=atol)
    np.testing.assert_array_equal(result.active, reference[f"{prefix}active"])
    for name in ("infom", "infoc"):
        expected = float(reference[prefix + name])
        assert getattr(result, name) == pytest.approx(expected, abs=atol)
    # The paper's fit stops at 100 iterations, ours when it has converged.
    expected = float(reference[f"{prefix}infoe"])
    assert result.infoe == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("case", CASES[:3])
def test_codes_score_as_the_codebook_values_do(reference, case):
    values = reference[f"{case}/latents"]
    codes = np.stack(
        [np.unique(column, return_inverse=True)[1] for column in values.T], 1
    )
    by_values = infomec(reference["sources"], values, discrete=True)
    by_codes = infomec(reference["sources"], codes)
    assert by_values.to_dict() == by_codes.to_dict()


def test_the_parts_equal_the_public_functions(reference):
    factors = reference["sources"]
    latents = reference["continuous/latents"]
    result = infomec(factors, latents, num_neighbors=5, seed=3)
    nmi = normalized_mutual_information(
        factors, latents, num_neighbors=5, seed=3
    )
    np.testing.assert_array_equal(result.nmi, nmi)
    assert result.infom == infom_score(nmi, result.active)
    assert result.infoc == infoc_score(nmi, result.active)
    assert result.infoe == infoe_score(factors, latents)


def full_factorial(*sizes):
    return np.stack(np.indices(sizes), axis=-1).reshape(-1, len(sizes))


def test_a_perfect_code_scores_one():
    factors = full_factorial(4, 3, 5)
    result = infomec(factors, factors[:, [2, 0, 1]] * 3 - 1)
    assert result.infom == result.infoc == 1.0
    assert result.infoe == pytest.approx(1.0, abs=1e-4)


def test_a_redundant_code_by_hand():
    factors = full_factorial(2, 2)
    result = infomec(factors, factors[:, [0, 0, 1]])
    np.testing.assert_allclose(result.nmi, [[1, 1, 0], [0, 0, 1]])
    assert result.infom == 1.0
    assert result.infoc == pytest.approx((3 / 4 - 1 / 3) / (2 / 3))


def test_an_exclusive_or_shares_nothing_and_reads_nothing():
    factors = full_factorial(2, 2)
    result = infomec(factors, factors.sum(axis=1, keepdims=True) % 2)
    assert result.nmi.tolist() == [[0.0], [0.0]]
    assert result.infom == 0.0
    assert result.infoc == 1.0  # one active latent
    assert result.infoe == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("dtype", [int, float])
def test_no_active_latent_scores_zero(dtype):
    factors = full_factorial(3, 2)
    result = infomec(factors, np.ones((6, 2), dtype))
    assert (result.infom, result.infoe, result.infoc) == (0.0, 0.0, 0.0)
    masked = infomec(factors, factors.astype(dtype), active=[False, False])
    assert (masked.infom, masked.infoe, masked.infoc) == (0.0, 0.0, 0.0)
    assert masked.num_active == 0


def test_one_factor_that_varies_has_infom_one():
    factors = full_factorial(3, 2, 4)[:, [1]]
    assert infomec(factors, full_factorial(3, 2, 4)).infom == 1.0


def test_a_factor_of_one_value_changes_no_score_and_has_a_row_of_zeros():
    factors = full_factorial(3, 4)
    latents = np.array([factors[:, 0], factors.sum(axis=1)]).T
    expected = infomec(factors, latents)
    result = infomec(np.insert(factors, 1, 7, axis=1), latents)
    assert result.infom == expected.infom
    assert result.infoe == expected.infoe
    assert result.infoc == expected.infoc
    np.testing.assert_array_equal(result.nmi[[0, 2]], expected.nmi)
    np.testing.assert_array_equal(result.nmi[1], 0)


@pytest.mark.parametrize("dtype", [int, float])
def test_no_factor_that_varies_scores_zero(dtype):
    result = infomec(np.ones((4, 2), int), np.arange(4)[:, None].astype(dtype))
    assert (result.infom, result.infoe, result.infoc) == (0.0, 0.0, 0.0)
    assert result.nmi.tolist() == [[0.0], [0.0]]


def test_an_active_mask_chooses_the_latents():
    factors = full_factorial(3, 3)
    latents = np.concatenate([factors, factors.sum(1, keepdims=True)], axis=1)
    chosen = infomec(factors, latents, active=[True, True, False])
    assert chosen.infom == chosen.infoc == 1.0
    assert infomec(factors, latents).infom < 1


def test_the_result_as_text_and_as_json():
    result = infomec(full_factorial(2, 3), full_factorial(2, 3))
    assert repr(result) == (
        "InfoMECResult(infom=1.0000, infoe=1.0000, infoc=1.0000, active=2/2)"
    )
    stored = json.loads(json.dumps(result.to_dict()))
    assert stored == {
        "infom": 1.0,
        "infoe": result.infoe,
        "infoc": 1.0,
        "num_active": 2,
        "active": [True, True],
        "nmi": [[1.0, 0.0], [0.0, 1.0]],
    }
    with pytest.raises(AttributeError, match="infom"):
        result.infom = 0.5


@st.composite
def samples(draw, is_continuous=None):
    """Small factors and latents of any kind, often constant or tied."""
    num_samples = draw(st.integers(1, 40))
    shape = (num_samples, draw(st.integers(1, 4)))
    factors = draw(hnp.arrays(np.int64, shape, elements=st.integers(-2, 3)))
    shape = (num_samples, draw(st.integers(1, 4)))
    if draw(st.booleans()) if is_continuous is None else is_continuous:
        elements = st.floats(-1e6, 1e6, width=32)
        return factors, draw(hnp.arrays(np.float64, shape, elements=elements))
    elements = st.integers(0, 4)
    return factors, draw(hnp.arrays(np.int64, shape, elements=elements))


def assert_same_scores(actual, expected):
    assert actual.infom == pytest.approx(expected.infom, abs=1e-9)
    assert actual.infoc == pytest.approx(expected.infoc, abs=1e-9)
    # Fits of separable data stop at a small loss, not at a minimum.
    assert actual.infoe == pytest.approx(expected.infoe, abs=2e-3)


@settings
@hypothesis.given(samples(), st.sampled_from(["range", "iqr"]))
def test_scores_are_numbers_from_zero_to_one(sample, active):
    result = infomec(*sample, active=active)
    for score in (result.infom, result.infoe, result.infoc):
        assert type(score) is float
        assert 0 <= score <= 1
    assert result.nmi.shape == (sample[0].shape[1], sample[1].shape[1])
    assert np.all((result.nmi >= 0) & (result.nmi <= 1 + 1e-12))


@settings
@hypothesis.given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_columns_does_not_matter(sample, random):
    factors, latents = sample
    rows = random.sample(range(factors.shape[1]), factors.shape[1])
    columns = random.sample(range(latents.shape[1]), latents.shape[1])
    expected = infomec(factors, latents)
    actual = infomec(factors[:, rows], latents[:, columns])
    assert_same_scores(actual, expected)
    np.testing.assert_allclose(actual.nmi, expected.nmi[rows][:, columns])
    np.testing.assert_array_equal(actual.active, expected.active[columns])


@settings
@hypothesis.given(samples(), st.permutations(range(6)))
def test_the_numbering_of_factor_values_does_not_matter(sample, names):
    factors, latents = sample
    relabelled = np.array(names)[factors + 2] * 10
    actual, expected = infomec(relabelled, latents), infomec(factors, latents)
    assert_same_scores(actual, expected)
    np.testing.assert_allclose(actual.nmi, expected.nmi, atol=1e-12)


@settings
@hypothesis.given(samples(is_continuous=False), st.permutations(range(5)))
def test_the_numbering_of_codes_does_not_matter(sample, names):
    factors, codes = sample
    relabelled = np.array(names)[codes] * 7 - 3
    actual, expected = infomec(factors, relabelled), infomec(factors, codes)
    assert_same_scores(actual, expected)
    np.testing.assert_allclose(actual.nmi, expected.nmi, atol=1e-12)


@settings
@hypothesis.given(
    st.integers(0, 2**32 - 1), st.sampled_from([-8.0, 0.25, 1024.0])
)
def test_the_scale_of_continuous_latents_does_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 3, (60, 2))
    latents = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(60, 3))
    assert_same_scores(
        infomec(factors, latents * scale), infomec(factors, latents)
    )


def test_thousands_of_continuous_latents_take_seconds():
    """5,000 latents of 200 samples took over a minute once."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (200, 3))
    start = time.perf_counter()
    result = infomec(factors, rng.normal(size=(200, 5000)), False)
    assert time.perf_counter() - start < 30
    assert result.nmi.shape == (3, 5000)
    assert 0 <= result.infom <= 1
