"""What a run scores when every metric is asked for."""

from typing import Any

import keras
import numpy as np

from keras_qlae import metrics
from keras_qlae.datasets import FactorDataset

_PART = 500  # images whose similarity is computed at a time


def other_scores(model: Any, held_out: FactorDataset) -> dict[str, float]:
    """Scores other than InfoMEC and PSNR, by the name they are shown with.

    MIG and modularity count how often codes occur with factors, each code by
    itself. The others take a latent for a number, and of a discrete latent
    that is its quantized value, the number that the decoder sees: a learned
    codebook need not be in the order of its indices, or evenly spaced. Where
    the decoder sees a vector, as in a VQ-VAE, it is the index.

    Args:
        model: A trained model with `codes`, `reconstruct` and `latent`.
        held_out: What to score on. Without factors, SSIM is the only score.
    """
    images = held_out.images(np.arange(len(held_out)))
    ssim = [
        metrics.ssim(part, np.clip(model.reconstruct(part), 0, 1))
        for start in range(0, len(images), _PART)
        for part in [images[start : start + _PART]]
    ]
    return {
        **(_latent_scores(model, held_out) if held_out.has_factors else {}),
        "SSIM": float(np.concatenate(ssim).mean()),
    }


def _latent_scores(model: Any, held_out: FactorDataset) -> dict[str, float]:
    index = np.arange(len(held_out))
    factors = held_out.factors(index)
    codes = model.codes(held_out.images(index))
    numbers = _numbers(model.latent, codes)
    dci = metrics.dci_scores(factors, numbers)
    return {
        "MIG": metrics.mig_score(factors, codes),
        "DCI-D": dci.disentanglement,
        "DCI-C": dci.completeness,
        "DCI-I": dci.informativeness,
        "SAP": metrics.sap_score(factors, numbers),
        "modularity": metrics.modularity_score(factors, codes),
        "explicitness": metrics.explicitness_score(factors, numbers),
        "IRS": metrics.irs_score(factors, numbers),
        "FactorVAE": metrics.factor_vae_score(factors, numbers),
    }


def _numbers(latent: Any, codes: np.ndarray) -> np.ndarray:
    """The latents as numbers: quantized values, where those are numbers."""
    if not latent.is_discrete or latent.num_outputs != latent.num_latents:
        return codes
    return np.asarray(keras.ops.convert_to_numpy(latent.values(codes)))
