"""Model selection without labels: UDR, and its agreement with InfoM."""

import logging
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_qlae.comparing.planned import Planned
from keras_qlae.metrics import udr_scores
from keras_qlae.runs.latents import Latents
from keras_qlae.runs.latents import read_latents

MEANING = (
    "UDR (Duan et al. 2020, rank correlation) needs no labels. It measures "
    "how well the latents of a run match those of the other seeds one to one "
    "(median over seeds). The table has the mean over the runs."
)
_LEAST = 3  # runs, since the order of two means little

_logger = logging.getLogger(__name__)


class Agreement(NamedTuple):
    """How similarly two scores order runs.

    Attributes:
        correlation: Spearman's rank correlation, in [-1, 1].
        num_runs: Runs that have both scores.
    """

    correlation: float
    num_runs: int


def udr_of(planned: Iterable[Planned]) -> dict[Path, float]:
    """Computes UDR, by run directory, of finished runs with another seed."""
    alike: dict[Any, dict[Path, Latents]] = {}
    for run in planned:
        latents = _latents(run) if run.is_finished else None
        if latents is not None:
            # Only latents of the same images can be compared.
            key = run.dataset, run.contender.name, len(latents)
            alike.setdefault(key, {})[run.directory] = latents
    scores: dict[Path, float] = {}
    for runs in alike.values():
        if len(runs) > 1:
            found = _udr(list(runs.values()))
            scores |= dict(zip(runs, found, strict=True))
    return scores


def agreement(rows: Sequence[dict[str, Any]]) -> Agreement | None:
    """Computes how similarly UDR and InfoM order the runs of a data set.

    `None` if fewer than three runs have both scores, or if all scores are
    equal.
    """
    from scipy.stats import spearmanr

    pairs = np.array(
        [
            (row["udr"], row["infom"])
            for row in rows
            if row.get("udr") is not None and row["infom"] is not None
        ]
    )
    if len(pairs) < _LEAST or (np.ptp(pairs, axis=0) == 0).any():
        return None
    return Agreement(float(spearmanr(*pairs.T).statistic), len(pairs))


def _udr(representations: list[Latents]) -> list[float]:
    # Inactive latents are stored as 0.
    masks = [(np.ptp(table, axis=0) > 0) for table in representations]
    found = udr_scores(representations, discrete=False, active=masks)
    return [float(score) for score in found]


def _latents(run: Planned) -> Latents | None:
    """The latents that a run saved; `None` if they cannot be read."""
    try:
        return read_latents(run.run)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _logger.warning("%s has no UDR: %s", run.name, error)
        return None
