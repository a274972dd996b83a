"""The text of the tables, to the letter."""

import numpy as np
import pytest

from keras_qlae.comparing import Contender
from keras_qlae.comparing import Study
from keras_qlae.comparing import results
from keras_qlae.comparing import tables
from keras_qlae.comparing.planned import runs_of
from keras_qlae.comparing.summary import summaries
from keras_qlae.metrics import VARIANTS

pytestmark = pytest.mark.backend_free

NAMES = ("infom", "infoe", "infoc", "psnr")


def row(model, seed, scores=None, status="finished", udr=None):
    scores = scores or (None,) * 4
    return {
        "dataset": "room3d",
        "model": model,
        "seed": seed,
        **dict(zip(NAMES, scores, strict=True)),
        "udr": udr,
        "steps": 0,
        "status": status,
    }


def made(study, rows):
    found = summaries(study, rows)
    return (
        tables.markdown(study, found, rows),
        tables.latex(study, found),
        tables.records(found),
    )


@pytest.fixture(scope="module")
def two_seeds():
    """Margins by hand: 12.7062 times half the difference."""
    models = [Contender("a", "qlae", title="A & B"), Contender("b", "ae")]
    study = Study(models, ["room3d"], [0, 1])
    rows = [
        row("A & B", 0, (0.80, 0.95, 0.50, 30.0)),
        row("A & B", 1, (0.82, 0.95, 0.52, 30.2)),
        row("b", 0, (0.40, 0.95, 0.49, 31.0)),
        row("b", 1, status="failed"),
    ]
    return made(study, rows)


def test_of_vectors_there_is_no_psnr():
    study = Study([Contender("a", "ae"), Contender("b", "ae")], ["room3d"], [0])
    rows = [row("a", 0), row("b", 0, (0.8, 0.9, 0.5, None))]
    rows = [r | {"reconstruction_r2": r["infoe"]} for r in rows]
    markdown, latex, numbers = made(study, rows)
    lines = markdown.splitlines()
    assert lines[4] == "| model | seeds | InfoM | InfoE | InfoC | rebuilt, R2 |"
    assert lines[7].endswith("| **0.900** |")
    assert "rebuilt, R2" in latex
    assert numbers[1]["reconstruction_r2_mean"] == "0.900000"
    assert "psnr_mean" not in numbers[1]
    mixed, _, _ = made(study, [*rows[1:], row("a", 0, (0.8, 0.9, 0.5, 30.0))])
    assert "| PSNR, dB | rebuilt, R2 |" in mixed


def test_markdown(two_seeds):
    lines = two_seeds[0].splitlines()
    assert lines[4] == "| model | seeds | InfoM | InfoE | InfoC | PSNR, dB |"
    assert lines[6] == (
        "| A & B | 2 | **0.810 ± 0.127** | **0.950 ± 0.000** | "
        "**0.510 ± 0.127** | **30.10 ± 1.27** |"
    )
    assert lines[7] == (
        "| b | 1 of 2 | 0.400 | **0.950** | **0.490** | **31.00** |"
    )
    text = two_seeds[0]
    assert "not comparable with those published for 3D Shapes" in text
    assert "over the seeds 0, 1" in text
    assert "Welch's t-test" in text
    assert "Holm" in text
    assert "With two seeds hardly any difference is significant" in text
    assert text.endswith("\nFailed: b on room3d, seed 1.\n")


def test_latex(two_seeds):
    lines = two_seeds[1].splitlines()
    assert "not comparable" in lines[1]
    assert lines[2:5] == [
        r"\begin{tabular}{llcccc}",
        r"\toprule",
        r"model & seeds & InfoM & InfoE & InfoC & PSNR, dB \\",
    ]
    assert lines[6] == (
        r"A \& B & 2 & \textbf{0.810 $\pm$ 0.127} & "
        r"\textbf{0.950 $\pm$ 0.000} & \textbf{0.510 $\pm$ 0.127} & "
        r"\textbf{30.10 $\pm$ 1.27} \\"
    )
    assert lines[8:10] == [r"\bottomrule", r"\end{tabular}"]


def test_numbers(two_seeds):
    first, second = two_seeds[2]
    assert (first["finished"], first["seeds"]) == (2, 2)
    assert first["infom_mean"] == "0.810000"
    assert float(first["infom_low"]) == pytest.approx(0.682938, abs=1e-6)
    assert float(first["infom_high"]) == pytest.approx(0.937062, abs=1e-6)
    assert second["infom_mean"] == "0.400000"
    assert second["infom_low"] is second["infom_high"] is None
    assert (first["infom_bold"], second["infom_bold"]) == (True, False)
    assert first["infom_p"] is None
    assert float(second["infom_p"]) == pytest.approx(0.0269, abs=1e-4)
    assert first["psnr_p"] is not None  # its mean is the lower one


def test_one_seed_says_that_there_are_no_intervals():
    study = Study([Contender("a", "qlae"), Contender("b", "ae")])
    rows = [
        row("a", 0, (0.5, 0.6, 0.7, 20.0)),
        row("b", 0, (0.4, 0.9, 0.7, 20.1)),
    ]
    text = made(study, rows)[0]
    assert "| a | 1 | **0.500** | 0.600 | **0.700** | 20.00 |" in text
    assert "| b | 1 | 0.400 | **0.900** | **0.700** | **20.10** |" in text
    assert "there are no intervals" in text


def test_with_three_seeds_there_is_no_remark_on_their_number():
    models = [Contender("a", "qlae"), Contender("b", "ae")]
    study = Study(models, ["room3d"], [0, 1, 2])
    rows = [
        row(model, seed, (start + seed / 100, 0.9, 0.5, 30.0))
        for model, start in (("a", 0.8), ("b", 0.4))
        for seed in range(3)
    ]
    text = made(study, rows)[0]
    assert "Welch's t-test" in text
    assert "hardly any difference" not in text


def test_without_factors_there_is_only_psnr():
    study = Study([Contender("a", "qlae")])
    text = made(study, [row("a", 0, (None, None, None, 20.0))])[0]
    assert "| a | 1 | - | - | - | **20.00** |" in text
    assert "* InfoM" not in text


def test_the_variant_of_each_score_is_named(two_seeds):
    for name in ("InfoM", "InfoE", "InfoC"):
        assert f"\n* {name}: {VARIANTS[name]}." in two_seeds[0]


@pytest.fixture(scope="module")
def with_udr():
    study = Study([Contender("a", "qlae"), Contender("b", "ae")], seeds=[0, 1])
    rows = [
        row("a", 0, (0.80, 0.9, 0.5, 30.0), udr=0.70),
        row("a", 1, (0.70, 0.9, 0.5, 30.0), udr=0.60),
        row("b", 0, (0.40, 0.9, 0.5, 30.0), udr=0.65),
        row("b", 1, status="failed"),
    ]
    return made(study, rows)


def test_udr_has_a_column_if_there_are_two_seeds(with_udr):
    markdown, latex, records = with_udr
    lines = markdown.splitlines()
    assert lines[4].endswith("| PSNR, dB | UDR |")
    assert lines[6].endswith("| 0.650 |")
    assert lines[7].endswith("| 0.650 |")
    assert "Duan et al. 2020" in markdown
    assert r"\begin{tabular}{llccccc}" in latex
    assert r"PSNR, dB & UDR \\" in latex
    assert latex.count(r" & 0.650 \\") == 2
    assert [each["udr_mean"] for each in records] == ["0.650000"] * 2


def test_a_line_has_the_correlation_of_udr_and_infom(with_udr, two_seeds):
    # Ranks of UDR 3, 1, 2 and of InfoM 3, 2, 1: 1 - 6 * 2 / (3 * 8).
    assert (
        "Spearman's rank correlation of UDR and InfoM over the 3 runs is 0.50."
        in with_udr[0]
    )
    for text in two_seeds[:2]:
        assert "UDR" not in text


def test_without_factors_there_is_udr_and_no_agreement():
    study = Study([Contender("a", "qlae")], seeds=[0, 1, 2])
    rows = [row("a", k, (None, None, None, 20.0), udr=0.5) for k in range(3)]
    text = made(study, rows)[0]
    assert "| **20.00 ± 0.00** | 0.500 |" in text
    assert "UDR and InfoM" not in text


def test_udr_is_drawn_against_infom(tmp_path):
    study = Study([Contender("a", "qlae"), Contender("b", "ae")], seeds=[0, 1])
    rows = [
        row("a", 0, (0.80, 0.9, 0.5, 30.0), udr=0.70),
        row("a", 1, (0.70, 0.9, 0.5, 30.0), udr=0.60),
        row("b", 0, (0.40, 0.9, 0.5, 30.0), udr=0.65),
        row("b", 1, status="failed"),
    ]
    planned = runs_of(study, tmp_path, "float32")
    results.write(tmp_path, study, planned[:2], rows[:2])
    assert not (tmp_path / "model_selection.png").exists()
    results.write(tmp_path, study, planned, rows)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "of UDR and InfoM over the 3 runs" in page
    assert (tmp_path / "model_selection.png").exists()
    table = results._of_runs(study, rows, "udr")
    assert table[0].tolist()[0] == [0.7, 0.6]
    assert np.isnan(table[0, 1]).tolist() == [False, True]
