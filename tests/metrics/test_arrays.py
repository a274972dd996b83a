"""Inputs that metrics accept or refuse, and their messages."""

import time

import ml_dtypes
import numpy as np
import pytest

from keras_qlae.metrics import active_latents
from keras_qlae.metrics import dci_scores
from keras_qlae.metrics import explicitness_score
from keras_qlae.metrics import factor_vae_score
from keras_qlae.metrics import infoe_score
from keras_qlae.metrics import infomec
from keras_qlae.metrics import irs_score
from keras_qlae.metrics import mig_score
from keras_qlae.metrics import modularity_score
from keras_qlae.metrics import mutual_information
from keras_qlae.metrics import normalized_mutual_information
from keras_qlae.metrics import sap_score

pytestmark = pytest.mark.backend_free

SCORES_OF_CODES = [
    infomec,
    infoe_score,
    mutual_information,
    normalized_mutual_information,
    mig_score,
    modularity_score,
]
SCORES_OF_SPLITS = [dci_scores, sap_score, explicitness_score]
SCORES = [*SCORES_OF_CODES, *SCORES_OF_SPLITS, irs_score, factor_vae_score]
# Those that fit a classifier with weights for each value of a factor.
SCORES_OF_CLASSIFIERS = [infomec, infoe_score, *SCORES_OF_SPLITS]
FACTORS = np.array([[0, 1], [1, 1], [0, 0], [1, 0]])
LATENTS = np.array([[0.1], [0.9], [0.2], [0.7]])


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("factors", "latents", "error", "message"),
    [
        (FACTORS[0], LATENTS, ValueError, r"`factors`.*reshape\(-1, 1\)"),
        (FACTORS, LATENTS[:, 0], ValueError, r"latents\.shape=\(4,\)"),
        (FACTORS[None], LATENTS, ValueError, r"shape=\(1, 4, 2\)"),
        (FACTORS[:0], LATENTS, ValueError, r"`factors` must hold at least"),
        (FACTORS, LATENTS[:, :0], ValueError, r"`latents` must hold at least"),
        (FACTORS[:3], LATENTS, ValueError, r"shape=\(3, 2\).*shape=\(4, 1\)"),
        (FACTORS + 0.5, LATENTS, ValueError, "integers.*0.5 at row 0, column"),
        (FACTORS * np.nan, LATENTS, ValueError, "`factors` must be finite: 8"),
        (
            FACTORS,
            LATENTS * np.inf,
            ValueError,
            "`latents` must be finite: 4 of",
        ),
        (FACTORS, LATENTS.astype(str), TypeError, "`latents`.*real numbers"),
        (FACTORS, LATENTS * 1j, TypeError, r"latents\.dtype=complex128"),
    ],
)
def test_bad_arrays_are_refused(score, factors, latents, error, message):
    with pytest.raises(error, match=message):
        score(factors, latents)


@pytest.mark.parametrize("score", SCORES)
def test_the_place_of_a_value_that_is_not_finite_is_named(score):
    latents = np.zeros((4, 3))
    latents[2, 1] = np.inf
    with pytest.raises(ValueError, match="inf at row 2, column 1"):
        score(FACTORS, latents)


@pytest.mark.parametrize("score", SCORES_OF_CODES)
def test_continuous_latents_called_discrete_are_refused(score):
    latents = np.random.default_rng(0).normal(size=(100, 2))
    factors = np.arange(100)[:, None] % 5
    with pytest.raises(ValueError, match=r"look continuous.*100 different"):
        score(factors, latents, discrete=True)


@pytest.mark.parametrize("score", SCORES_OF_CODES)
def test_discrete_must_be_a_flag(score):
    with pytest.raises(TypeError, match="discrete='yes'"):
        score(FACTORS, LATENTS, discrete="yes")


@pytest.mark.parametrize(
    "score", [infomec, mutual_information, normalized_mutual_information]
)
def test_num_neighbors_must_be_a_positive_integer(score):
    with pytest.raises(ValueError, match=r"at least 1.*num_neighbors=0"):
        score(FACTORS, LATENTS, num_neighbors=0)
    with pytest.raises(TypeError, match=r"integer.*num_neighbors=1.5"):
        score(FACTORS, LATENTS, num_neighbors=1.5)


@pytest.mark.parametrize("score", SCORES_OF_SPLITS)
def test_a_single_sample_cannot_be_split(score):
    with pytest.raises(ValueError, match=r"at least 2.*Received: 1 sample"):
        score(FACTORS[:1], LATENTS[:1])


@pytest.mark.parametrize("num_bins", [1, 2.5])
@pytest.mark.parametrize("score", [mig_score, modularity_score])
def test_num_bins_must_be_an_integer_of_at_least_2(score, num_bins):
    with pytest.raises(ValueError, match=rf"at least 2.*num_bins={num_bins}"):
        score(FACTORS, LATENTS, num_bins=num_bins)


@pytest.mark.parametrize("num_votes", [1, 99.5])
def test_num_votes_must_be_an_integer_of_at_least_2(num_votes):
    with pytest.raises(ValueError, match=rf"at least 2.*num_votes={num_votes}"):
        factor_vae_score(FACTORS, LATENTS, num_votes=num_votes)


def test_saps_method_must_be_known():
    with pytest.raises(ValueError, match="method='f1'"):
        sap_score(FACTORS, LATENTS, method="f1")


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, bool])
def test_factors_of_any_dtype_that_hold_integers_are_the_same(dtype):
    codes = np.array([[0], [1], [0], [0]])
    expected = mutual_information(FACTORS, codes)
    actual = mutual_information(FACTORS.astype(dtype), codes)
    np.testing.assert_array_equal(actual, expected)


def test_integers_and_booleans_are_discrete_and_floats_are_not():
    factors = np.arange(40)[:, None] % 4
    codes = np.arange(40)[:, None] % 8 // 3 > 0
    counted = mutual_information(factors, codes, discrete=True)
    estimated = mutual_information(factors, codes, discrete=False)
    assert not np.array_equal(counted, estimated)
    for dtype in (np.uint8, np.int64, bool):
        result = mutual_information(factors, codes.astype(dtype))
        np.testing.assert_array_equal(result, counted)
    for dtype in (np.float16, np.float64, ml_dtypes.bfloat16):
        result = mutual_information(factors, codes.astype(dtype))
        np.testing.assert_array_equal(result, estimated)


@pytest.mark.parametrize(
    "score", [score for score in SCORES if "information" not in score.__name__]
)
def test_factors_of_a_single_value_are_named_in_a_warning(score):
    factors = np.array([[3, 0, 7], [3, 1, 7], [3, 0, 7], [3, 1, 7]])
    with pytest.warns(UserWarning, match=r"indices \[0, 2\]") as caught:
        score(factors, LATENTS)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("std", '"range", "iqr".*Received: \'std\''),
        ([True, False], r"each of the 3 latents.*shape=\(2,\)"),
        ([1, 0, 1], "must be boolean.*dtype=int"),
        (None, "must be boolean.*dtype=object"),
    ],
)
def test_unknown_rules_and_bad_masks_are_refused(rule, message):
    with pytest.raises(ValueError, match=message):
        active_latents(np.eye(3), rule=rule)
    with pytest.raises(ValueError, match=message):
        infomec(np.eye(3, dtype=int), np.eye(3), active=rule)


def test_sap_refuses_values_on_which_its_classifier_never_ends():
    factors = np.arange(12)[:, None] % 3
    latents = factors * 1e60
    with pytest.raises(ValueError, match='method="correlation" takes any'):
        sap_score(factors, latents)
    found = sap_score(factors, latents, method="correlation")
    assert found == pytest.approx(1)


@pytest.mark.parametrize("score", SCORES)
def test_masked_values_are_refused(score):
    masked = np.ma.masked_equal(FACTORS, 1)
    with pytest.raises(ValueError, match=r"`factors`.*Received: 4 masked"):
        score(masked, LATENTS)
    with pytest.raises(ValueError, match=r"`latents`.*Received: 1 masked"):
        score(FACTORS, np.ma.masked_greater(LATENTS, 0.8))


def test_a_masked_array_without_masked_values_is_an_array():
    expected = mutual_information(FACTORS, LATENTS)
    actual = mutual_information(np.ma.array(FACTORS), np.ma.array(LATENTS))
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("largest", [2.0**63, -(2.0**70), 2**64 - 1])
def test_factors_too_large_for_distinct_floats_are_refused(largest):
    factors = np.array([[0], [1], [largest], [largest]])
    with pytest.raises(ValueError, match=r"below 2\*\*63.*np\.unique"):
        mutual_information(factors, LATENTS)


@pytest.mark.parametrize("score", SCORES_OF_CLASSIFIERS)
def test_factors_of_too_many_values_for_a_classifier_are_refused(score):
    factors = np.arange(100_000)[:, None]
    latents = np.random.default_rng(0).normal(size=(100_000, 1))
    started = time.process_time()
    with pytest.raises(ValueError, match=r"at most 1,000.*100000 values in co"):
        score(factors, latents)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("score", SCORES_OF_CODES)
def test_codes_as_floats_are_named_in_a_warning_that_a_choice_ends(score):
    factors = np.arange(200)[:, None] % 4
    codes = np.random.default_rng(0).integers(0, 5, (200, 2))
    for floats in (
        codes.astype(float),
        np.array([-0.5, 0, 0.1, 0.4, 1])[codes],
    ):
        with pytest.warns(UserWarning, match="`discrete=True`") as caught:
            score(factors, floats)
        assert caught[0].filename == __file__
        assert "\n" not in str(caught[0].message)
        score(factors, floats, discrete=True)
        score(factors, floats, discrete=False)


def test_real_numbers_small_samples_and_one_constant_are_no_codes():
    rng = np.random.default_rng(0)
    factors = np.arange(200)[:, None] % 4
    latents = rng.normal(size=(200, 2))
    mutual_information(factors, latents)
    latents[:, 0] = latents[:, 0].round()  # some continuous: all are
    mutual_information(factors, latents)
    mutual_information(factors, np.ones((200, 2)))
    mutual_information(factors[:60], latents[:60].round())


def test_swapped_arrays_are_noticed_by_their_shapes():
    rng = np.random.default_rng(0)
    factors, codes = rng.integers(0, 4, (200, 3)), rng.integers(0, 5, (200, 6))
    with pytest.warns(UserWarning, match=r"more columns \(6\)") as caught:
        infomec(codes, factors)
    assert caught[0].filename == __file__
    infomec(factors, codes)
    infomec(codes, factors, discrete=True)


def test_transposed_arrays_are_noticed():
    rng = np.random.default_rng(0)
    factors, latents = rng.integers(0, 4, (20, 3)), rng.normal(size=(20, 3))
    with pytest.warns(UserWarning, match=r"factors \(20\).*samples \(3\)"):
        mutual_information(factors.T, latents.T)


def test_measurements_that_are_integers_are_noticed():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (200, 2))
    latents = (1e5 * rng.normal(size=(200, 3))).astype(int)
    with pytest.warns(UserWarning, match="integers of very many values"):
        mutual_information(factors, latents)
    mutual_information(factors, latents, discrete=True)
    mutual_information(factors, latents % 5)


def test_swapped_arrays_are_noticed_by_their_values():
    latents = np.random.default_rng(0).normal(size=(200, 2))
    with pytest.raises(ValueError, match=r"the order is \(factors, latents\)"):
        infomec(latents, np.arange(200)[:, None] % 4)
