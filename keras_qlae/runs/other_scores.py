"""What a run scores when every metric is asked for."""

from typing import Any

import numpy as np

from keras_qlae import metrics
from keras_qlae.datasets import FactorDataset

_PART = 500  # images whose similarity is computed at a time


def other_scores(model: Any, held_out: FactorDataset) -> dict[str, float]:
    """Scores other than InfoMEC and PSNR, by the name they are shown with."""
    index = np.arange(len(held_out))
    images, factors = held_out.images(index), held_out.factors(index)
    codes = model.codes(images)
    dci = metrics.dci_scores(factors, codes)
    ssim = [
        metrics.ssim(part, np.clip(model.reconstruct(part), 0, 1))
        for start in range(0, len(images), _PART)
        for part in [images[start : start + _PART]]
    ]
    return {
        "MIG": metrics.mig_score(factors, codes),
        "DCI-D": dci.disentanglement,
        "DCI-C": dci.completeness,
        "DCI-I": dci.informativeness,
        "SAP": metrics.sap_score(factors, codes),
        "modularity": metrics.modularity_score(factors, codes),
        "explicitness": metrics.explicitness_score(factors, codes),
        "IRS": metrics.irs_score(factors, codes),
        "FactorVAE": metrics.factor_vae_score(factors, codes),
        "SSIM": float(np.concatenate(ssim).mean()),
    }
