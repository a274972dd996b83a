"""All scores of a representation, and the variant of each."""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import warn_of_categories
from keras_qlae.metrics.conditional_infomec import ConditionalInfoMECResult
from keras_qlae.metrics.conditional_infomec import conditional_infomec
from keras_qlae.metrics.dci import DCIResult
from keras_qlae.metrics.dci import dci_scores
from keras_qlae.metrics.explicitness import explicitness_score
from keras_qlae.metrics.factor_vae import factor_vae_score
from keras_qlae.metrics.infomec import InfoMECResult
from keras_qlae.metrics.infomec import infomec
from keras_qlae.metrics.irs import irs_score
from keras_qlae.metrics.linear_r2 import linear_r2_score
from keras_qlae.metrics.mcc import mcc_score
from keras_qlae.metrics.mig import mig_score
from keras_qlae.metrics.modularity import modularity_score
from keras_qlae.metrics.sap import sap_score

_INFOMEC = "NMI of counts, or of 10 nearest neighbours if continuous"
_CONDITIONAL = "given the other factors; counts, or 2 nearest neighbours"
_DCI = "gradient-boosted trees, 100 rounds of depth 3, at most 255 bins"
_HELD_OUT = "fitted on 3/4 of the samples, measured on the rest"

#: How each score of `all_scores` is computed, since papers and libraries
#: differ. Reports show it.
VARIANTS = {
    "InfoM": _INFOMEC,
    "InfoE": "unpenalised logistic regression, balanced, fitted to the end; "
    "scored on the samples of the fit",
    "InfoC": _INFOMEC,
    "cInfoM": _CONDITIONAL,
    "cInfoC": _CONDITIONAL,
    "MIG": "one bin per code, 20 bins for continuous latents",
    "DCI-D": _DCI,
    "DCI-C": _DCI,
    "DCI-I": f"accuracy of {_DCI}; {_HELD_OUT}",
    "SAP": f"accuracy of linear support vectors, C = 0.01; {_HELD_OUT}",
    "modularity": "Ridgeway and Mozer; bins as MIG",
    "explicitness": "Ridgeway and Mozer: area under the ROC curve of a "
    f"logistic regression, L2 penalty 1; {_HELD_OUT}",
    "IRS": "0.99 quantile of deviations, latents weighted by their largest",
    "FactorVAE": "10,000 votes of 64 samples, 5,000 more for the accuracy",
    "MCC": "Pearson, absolute, matched by the Hungarian algorithm, mean over "
    "factors",
    "MCC-Spearman": "as MCC, of ranks",
    "R2": f"least squares on all latents, each factor in [0, 1]; {_HELD_OUT}",
}


def all_scores(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    *,
    numbers: npt.ArrayLike | None = None,
    active: str | npt.ArrayLike = "range",
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, float]:
    """Computes every score of latents against factors.

    InfoMEC, conditional InfoMEC, MIG and modularity count how often codes
    occur. The other scores treat a latent as a number. The codes of a learned
    codebook may not be in the order of its values: pass the values as
    `numbers`.

    Args:
        factors: `(num_samples, num_factors)`, integers, of at most 1,000
            values each.
        latents: `(num_samples, num_latents)`, finite.
        discrete: As in `infomec`.
        numbers: `(num_samples, num_latents)`, finite: the values of the codes.
            Defaults to `None`: `latents`.
        active: Which latents InfoMEC counts: see `active_latents`.
            Conditional InfoMEC has its own rule.
        seed: Integer, for all random draws.
        progress: Function `progress(done, total, name)`, called before each
            score, since DCI takes seconds.

    Returns:
        Floats in [0, 1] by name, higher is better. `VARIANTS` has how each is
        computed. The value by chance differs: see each function. cInfoM and
        cInfoC are left out if no factor has enough samples.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]] * 10
        >>> scores = all_scores(factors, factors)
        >>> {name: round(scores[name], 3) for name in ("InfoM", "MIG", "MCC")}
        {'InfoM': 1.0, 'MIG': 1.0, 'MCC': 1.0}

    Raises:
        TypeError: As `infomec`.
        ValueError: As `infomec`, and if there are fewer than 2 samples.

    Reference:
        See the functions. On how far the scores agree: Locatello et al.,
        "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations", ICML 2019, arXiv 1811.12359.
    """
    warn_of_categories(factors)
    # Doubts about the arrays are raised once, here.
    factors, _, discrete = check_pair(factors, latents, discrete)
    numbers = latents if numbers is None else numbers
    computations: dict[str, Callable[[], Any]] = {
        "InfoMEC": lambda: infomec(
            factors, latents, discrete, active, seed=seed
        ),
        "conditional InfoMEC": lambda: conditional_infomec(
            factors, latents, discrete, seed=seed
        ),
        "MIG": lambda: mig_score(factors, latents, discrete),
        "DCI": lambda: dci_scores(factors, numbers, seed=seed),
        "SAP": lambda: sap_score(factors, numbers, seed=seed),
        "modularity": lambda: modularity_score(factors, latents, discrete),
        "explicitness": lambda: explicitness_score(factors, numbers, seed=seed),
        "IRS": lambda: irs_score(factors, numbers),
        "FactorVAE": lambda: factor_vae_score(factors, numbers, seed=seed),
        "MCC": lambda: mcc_score(factors, numbers),
        "MCC-Spearman": lambda: mcc_score(
            factors, numbers, correlation="spearman"
        ),
        "R2": lambda: linear_r2_score(factors, numbers, seed=seed),
    }
    scores: dict[str, float] = {}
    for done, (name, compute) in enumerate(computations.items()):
        if progress is not None:
            progress(done, len(computations), name)
        result = compute()
        if getattr(result, "counted", factors).any():
            scores |= _by_name(name, result)
    return scores


def _by_name(name: str, result: Any) -> dict[str, float]:
    """The scores of a result, under the names that they are shown with."""
    if isinstance(result, InfoMECResult):
        names = {"InfoM": "infom", "InfoE": "infoe", "InfoC": "infoc"}
    elif isinstance(result, ConditionalInfoMECResult):
        names = {"cInfoM": "infom", "cInfoC": "infoc"}
    elif isinstance(result, DCIResult):
        names = {
            "DCI-D": "disentanglement",
            "DCI-C": "completeness",
            "DCI-I": "informativeness",
        }
    else:
        return {name: result}
    return {shown: getattr(result, each) for shown, each in names.items()}
