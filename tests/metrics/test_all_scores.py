"""Every score by its name, as the functions give it."""

import json

import numpy as np
import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free


@pytest.fixture(scope="module")
def sample():
    factors = np.stack(np.indices((3, 2, 40)), -1).reshape(-1, 3)[:, :2]
    rng = np.random.default_rng(0)
    codes = factors @ [[1, 0, 1], [0, 1, 1]] + rng.integers(0, 2, (240, 3))
    return factors, codes, np.array([0.3, -1.0, 0.9, 0.1, -0.2])[codes]


def test_scores_are_those_of_the_functions(sample):
    factors, codes, numbers = sample
    scores = metrics.all_scores(factors, codes, numbers=numbers)
    infomec = metrics.infomec(factors, codes)
    conditional = metrics.conditional_infomec(factors, codes)
    dci = metrics.dci_scores(factors, numbers)
    assert scores == {
        "InfoM": infomec.infom,
        "InfoE": infomec.infoe,
        "InfoC": infomec.infoc,
        "cInfoM": conditional.infom,
        "cInfoC": conditional.infoc,
        "MIG": metrics.mig_score(factors, codes),
        "DCI-D": dci.disentanglement,
        "DCI-C": dci.completeness,
        "DCI-I": dci.informativeness,
        "SAP": metrics.sap_score(factors, numbers),
        "modularity": metrics.modularity_score(factors, codes),
        "explicitness": metrics.explicitness_score(factors, numbers),
        "IRS": metrics.irs_score(factors, numbers),
        "FactorVAE": metrics.factor_vae_score(factors, numbers),
        "MCC": metrics.mcc_score(factors, numbers),
        "MCC-Spearman": metrics.mcc_score(
            factors, numbers, correlation="spearman"
        ),
        "R2": metrics.linear_r2_score(factors, numbers),
    }


def test_each_score_is_named_with_its_variant(sample):
    factors, codes, _ = sample
    scores = metrics.all_scores(factors, codes)
    assert list(scores) == list(metrics.VARIANTS)
    assert json.loads(json.dumps(scores)) == scores
    assert all(0 <= score <= 1 for score in scores.values())


def test_active_latents_and_kind_are_passed_on(sample):
    factors, codes, _ = sample
    mask = [True, True, False]
    scores = metrics.all_scores(factors, codes, active=mask)
    chosen = metrics.infomec(factors, codes, active=mask)
    assert (scores["InfoM"], scores["InfoC"]) == (chosen.infom, chosen.infoc)
    scores = metrics.all_scores(factors, codes.astype(float), True)
    assert scores["InfoM"] == metrics.infomec(factors, codes).infom
    assert scores["MIG"] == metrics.mig_score(factors, codes)


def test_progress_is_reported_before_each_score(sample):
    factors, codes, _ = sample
    told = []
    metrics.all_scores(factors, codes, progress=lambda *each: told.append(each))
    assert [done for done, _, _ in told] == list(range(12))
    assert {total for _, total, _ in told} == {12}
    assert "DCI" in [name for _, _, name in told]


def test_doubts_about_the_arrays_are_raised_once():
    factors = np.random.default_rng(0).integers(0, 3, (120, 2))
    with pytest.warns(UserWarning, match="floats of few values") as caught:
        metrics.all_scores(factors, factors / 2)
    doubts = [w for w in caught if "floats of few values" in str(w.message)]
    assert len(doubts) == 1
    assert doubts[0].filename == __file__
