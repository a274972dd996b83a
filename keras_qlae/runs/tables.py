"""Scores and settings of a run as rows of text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_qlae import recipes
from keras_qlae.datasets.support import FULL
from keras_qlae.metrics import VARIANTS
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores

INFOMEC = {
    "InfoM": "modularity",
    "InfoE": "explicitness",
    "InfoC": "compactness",
}
_OTHERS = {
    "cInfoM": "modularity, given the other factors",
    "cInfoC": "compactness, given the other factors",
    "MIG": "compactness",
    "DCI-D": "modularity",
    "DCI-C": "compactness",
    "DCI-I": "explicitness",
    "SAP": "compactness",
    "modularity": "modularity",
    "explicitness": "explicitness",
    "IRS": "robustness to interventions",
    "FactorVAE": "modularity",
    "MCC": "one latent for each factor",
    "MCC-Spearman": "one latent for each factor",
    "R2": "linear explicitness",
    "SSIM": "reconstruction",
}
# The meaning of `None` in a setting.
_IF_NONE = {
    "num_latents": "twice the factors",
    "blocks": "those of `size`",
    "dense_units": "those of `size`",
    "map_channels": "those of `size`",
}
# The last names what a setting has in the recipe, where the run differs.
SETTINGS_HEAD = ("part", "setting", "value", "in the recipe")


def score_rows(scores: Scores) -> list[tuple[str, str, str]]:
    """Name, value and meaning of each score."""
    rows = []
    if scores.has_infomec:
        rows = [
            (name, f"{getattr(scores, name.lower()):.3f}", meaning)
            for name, meaning in INFOMEC.items()
        ]
    if scores.psnr is not None:
        rows.append(("PSNR", f"{scores.psnr:.2f} dB", "reconstruction"))
    if scores.reconstruction_r2 is not None:
        value = f"{scores.reconstruction_r2:.3f}"
        rows.append(("rebuilt", value, "share of the variance (R2)"))
    if scores.active is not None:
        used = f"{scores.num_active} of {len(scores.active)}"
        rows.append(("active", used, "latents"))
    if scores.multi_information is not None:
        value = f"{scores.multi_information:.3f}"
        meaning = "of the factors trained on, normalised"
        rows.append(("multi-information", value, meaning))
    others = (scores.others or {}).items()
    rows += [
        (name, f"{value:.3f}", _OTHERS.get(name, "your own metric"))
        for name, value in others
    ]
    return rows


def scored_images(run: RunDirectory) -> str:
    """Which images were scored, and whether they were used for training."""
    scores = run.read_scores()
    number = scores.num_samples
    kind = "images" if scores.reconstruction_r2 is None else "vectors"
    config = run.read_config()
    which = ""
    if config.support != FULL:
        which = f" of the combinations in training ({config.support})"
        if config.setting("scoring", "scored_support") == "full":
            which = (
                " of all combinations of factors, with "
                f"{config.support} in training"
            )
    if config.setting("scoring", "protocol") == "paper":
        return f"{number} {kind}{which} (also in training, as in the paper)"
    return f"{number} held-out {kind}{which}"


def latent_titles(scores: Scores) -> list[str]:
    """The factor with which each latent has most mutual information.

    As on the page of a run, it is empty for an inactive latent, and for one
    with less than a twentieth of every factor's entropy.
    """
    from keras_qlae.explorer.content import LEAST_NMI  # imports Keras

    names = scores.factor_names or []
    table = np.array(scores.nmi)
    return [
        names[row] if is_active and column[row] >= LEAST_NMI else ""
        for column, row, is_active in zip(
            table.T, table.argmax(axis=0), scores.active or [], strict=True
        )
    ]


def variants(scores: Scores, config: Configuration) -> dict[str, str]:
    """How each score is computed, if papers and libraries differ."""
    own = config.setting("scoring", "metrics") or []
    own = [path.rpartition(":")[2] for path in own]
    names = [name for name, _, _ in score_rows(scores)]
    return {
        name: VARIANTS[name]
        for name in names
        if name in VARIANTS and name not in own
    }


def setting_rows(
    config: Configuration, usual: Mapping[str, Any] | None = None
) -> list[tuple[str, str, str, str]]:
    """The parts of a run and their settings, one per line.

    The last cell is empty if the value is the usual one: by default that of its
    recipe, which imports Keras.
    """
    if usual is None:
        usual = _of_recipe(config)
    own, usual = _by_seat(config.settings), _by_seat(usual)
    rows = []
    for seat, table in own.items():
        others = usual.get(seat, table)
        for name, value in {"part": "", **table}.items():
            other = others.get(name, value)
            rows.append(
                (
                    seat if name == "part" else "",
                    "" if name == "part" else name,
                    _shown(name, value),
                    "" if other == value else _shown(name, other) or "none",
                )
            )
    return rows


def _by_seat(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    tables = dict(settings)
    penalties = tables.pop("penalties", {})
    return {**tables, **penalties}


def _of_recipe(config: Configuration) -> dict[str, dict[str, Any]]:
    """The settings of the recipe itself; none if it is unknown."""
    if config.recipe not in recipes.available():
        return {}
    return recipes.get(config.recipe, config.dataset).to_dict()


def _shown(name: str, value: Any) -> str:
    return _IF_NONE.get(name, "") if value is None else str(value)
