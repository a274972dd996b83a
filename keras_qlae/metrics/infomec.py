"""InfoMEC: modularity, explicitness and compactness of a representation."""

from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_qlae.metrics.active_latents import select_active
from keras_qlae.metrics.arrays import BoolArray
from keras_qlae.metrics.arrays import FloatArray
from keras_qlae.metrics.arrays import check_num_values
from keras_qlae.metrics.arrays import check_pair
from keras_qlae.metrics.arrays import find_varying_factors
from keras_qlae.metrics.concentration import infoc_score
from keras_qlae.metrics.concentration import infom_score
from keras_qlae.metrics.infoe import explicitness
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.mutual_information import check_num_neighbors
from keras_qlae.metrics.mutual_information import information_table
from keras_qlae.metrics.mutual_information import normalize_by_entropy


@dataclass(frozen=True, eq=False, repr=False)
class InfoMECResult:
    """Scores of a representation, each in [0, 1]; higher is better.

    Attributes:
        infom: Modularity: each latent has information on a single factor.
        infoe: Explicitness: linear classifiers can predict the factors.
        infoc: Compactness: the information on each factor is in a single
            latent.
        nmi: `(num_factors, num_latents)`, mutual information of factor and
            latent divided by the factor's entropy, for all latents, active or
            not. The row of a factor that was left out is 0.
        active: Boolean, `(num_latents,)`: the latents that infom and infoc
            count.
    """

    infom: float
    infoe: float
    infoc: float
    nmi: FloatArray
    active: BoolArray

    @property
    def num_active(self) -> int:
        """Number of active latents."""
        return int(np.count_nonzero(self.active))

    def to_dict(self) -> dict[str, Any]:
        """Returns plain numbers and lists, ready for `json.dump`."""
        return {
            "infom": self.infom,
            "infoe": self.infoe,
            "infoc": self.infoc,
            "num_active": self.num_active,
            "active": self.active.tolist(),
            "nmi": self.nmi.tolist(),
        }

    def __repr__(self) -> str:
        return (
            f"InfoMECResult(infom={self.infom:.4f}, infoe={self.infoe:.4f}, "
            f"infoc={self.infoc:.4f}, "
            f"active={self.num_active}/{len(self.active)})"
        )


def infomec(
    factors: npt.ArrayLike,
    latents: npt.ArrayLike,
    discrete: bool | None = None,
    active: str | npt.ArrayLike = "range",
    *,
    num_neighbors: int = 10,
    seed: int = 0,
) -> InfoMECResult:
    """Scores latents against the true factors (the paper's "sources").

    InfoM and InfoC are computed from normalised mutual information
    (`normalized_mutual_information`, `infom_score`, `infoc_score`) of the
    active latents. InfoE is `infoe_score`, of all latents.

    The scores do not depend on the order of columns or on the numbering of
    the factors' values. With `active="range"` they do not depend on the
    numbering of a discrete latent's codes either.

    Scores are also defined where a formula would divide by zero: all three
    are 0 if no latent is active or no factor varies, InfoC is 1 with one
    active latent, InfoM is 1 with one factor that varies, and a latent without
    information on any of S factors counts as 1/S.

    Args:
        factors: `(num_samples, num_factors)`, integers. Factors with a single
            value are left out with a warning.
        latents: `(num_samples, num_latents)`, finite: integer codes or
            codebook values of a quantized model, or real numbers.
        discrete: Whether the latents take few values. Defaults to `None`:
            true for integers, false for floats.
        active: `"range"`, `"iqr"` or a boolean mask of shape
            `(num_latents,)`: see `active_latents`.
        num_neighbors: Integer of at least 1: the neighbours in the estimate
            of mutual information of continuous latents.
        seed: Integer: breaks ties in that estimate.

    Returns:
        An `InfoMECResult`.

    Example:
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> infomec(factors, [[3, 8], [3, 9], [5, 8], [5, 9]])
        InfoMECResult(infom=1.0000, infoe=1.0000, infoc=1.0000, active=2/2)

    Raises:
        TypeError: If an array is not of numbers, or an argument is of the
            wrong type.
        ValueError: If an array has the wrong shape, differs from the other
            in length, or holds values that are not finite, if factors are
            not integers, or if `active` is unknown or does not fit.

    Reference:
        "Disentanglement via Latent Quantization", NeurIPS 2023,
        arXiv 2305.18378, section on InfoMEC.
    """
    checked_factors, values, is_discrete = check_pair(
        factors, latents, discrete
    )
    check_num_neighbors(num_neighbors)
    check_num_values(checked_factors)
    is_active = select_active(values, is_discrete, active)
    varies = find_varying_factors(checked_factors)
    labels = columns_to_labels(checked_factors)
    codes = columns_to_labels(values) if is_discrete else values
    information = information_table(labels, codes, num_neighbors, seed)
    nmi = normalize_by_entropy(information, labels)
    varying = list(compress(labels, varies))
    return InfoMECResult(
        infom=infom_score(nmi[varies], is_active),
        infoe=explicitness(varying, codes) if is_active.any() else 0.0,
        infoc=infoc_score(nmi[varies], is_active),
        nmi=nmi,
        active=is_active,
    )
