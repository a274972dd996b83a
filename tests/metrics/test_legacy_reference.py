"""The older metrics against the reference library's values."""

import json
import pathlib

import numpy as np
import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free
REFERENCE = pathlib.Path(__file__).parents[1] / "reference"


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_values_of_the_reference(kind):
    expected = json.loads((REFERENCE / "legacy_metrics.json").read_text())[kind]
    with np.load(REFERENCE / "legacy_metrics.npz") as file:
        factors, latents = file["sources"], file[f"latents_{kind}"]
    for name, actual, atol in (
        ("MIG(20 bins)", metrics.mig_score(factors, latents, False), 1e-9),
        (
            "modularity (R&M)",
            metrics.modularity_score(factors, latents, False),
            1e-9,
        ),
        ("IRS", metrics.irs_score(factors, latents), 1e-9),
        ("SAP discrete", metrics.sap_score(factors, latents, seed=None), 2e-3),
        (
            "SAP continuous",
            metrics.sap_score(
                factors, latents, method="correlation", seed=None
            ),
            1e-9,
        ),
        (
            "explicitness AUC test",
            metrics.explicitness_score(factors, latents, seed=None),
            1e-3,
        ),
    ):
        assert actual == pytest.approx(expected[name], abs=atol), name
    dci = metrics.dci_scores(factors, latents, seed=None)
    wanted = expected["DCI (GBT, seed 0)"]
    for name in ("disentanglement", "completeness"):
        assert getattr(dci, name) == pytest.approx(wanted[name], abs=0.02)
    test = wanted["informativeness_test"]
    assert dci.informativeness == pytest.approx(test, abs=0.02)
