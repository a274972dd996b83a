"""Scores and settings of a run as rows of text."""

from keras_qlae.metrics import VARIANTS
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores

INFOMEC = {
    "InfoM": "modularity",
    "InfoE": "explicitness",
    "InfoC": "compactness",
}


def score_rows(scores: Scores) -> list[tuple[str, str, str]]:
    """Name, value and meaning of each score."""
    rows = []
    if scores.has_infomec:
        rows = [
            (name, f"{getattr(scores, name.lower()):.3f}", meaning)
            for name, meaning in INFOMEC.items()
        ]
    rows.append(("PSNR", f"{scores.psnr:.2f} dB", "reconstruction"))
    if scores.active is not None:
        used = f"{scores.num_active} of {len(scores.active)}"
        rows.append(("active", used, "latents"))
    if scores.multi_information is not None:
        value = f"{scores.multi_information:.3f}"
        meaning = "of the factors trained on, normalised"
        rows.append(("multi-information", value, meaning))
    others = (scores.others or {}).items()
    rows += [(name, f"{value:.3f}", "other metric") for name, value in others]
    return rows


def variants(scores: Scores, config: Configuration) -> dict[str, str]:
    """How each score is computed, where papers and libraries differ."""
    own = config.setting("scoring", "metrics") or []
    own = [path.rpartition(":")[2] for path in own]
    names = [name for name, _, _ in score_rows(scores)]
    return {
        name: VARIANTS[name]
        for name in names
        if name in VARIANTS and name not in own
    }


def setting_rows(config: Configuration) -> list[tuple[str, str, str]]:
    """The parts of a run and their settings, a line each."""
    tables = dict(config.settings)
    penalties = tables.pop("penalties", {})
    rows = []
    for seat, table in {**tables, **penalties}.items():
        values = dict(table)
        rows.append((seat, "", str(values.pop("part", ""))))
        rows += [
            ("", name, "" if value is None else str(value))
            for name, value in values.items()
        ]
    return rows
