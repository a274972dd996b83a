"""Rows of text of scores, and how each is computed."""

import pytest

from keras_qlae.metrics import VARIANTS
from keras_qlae.runs import RunDirectory
from keras_qlae.runs.exploring import _sections
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import variants

pytestmark = pytest.mark.backend_free

ALL = {name: 0.5 for name in VARIANTS if not name.startswith("Info")}
SCORES = Scores(
    num_samples=10,
    psnr=20.0,
    infom=0.1,
    infoe=0.2,
    infoc=0.3,
    others={**ALL, "SSIM": 0.9},
)


def config(**scoring):
    return Configuration(
        format=2,
        recipe="qlae",
        dataset="room3d",
        seed=0,
        backend="tensorflow",
        precision="float32",
        settings={"scoring": scoring},
    )


def test_every_score_is_named_with_its_variant():
    assert variants(SCORES, config()) == VARIANTS
    names = [name for name, _, _ in score_rows(SCORES)]
    assert set(VARIANTS) <= set(names)


def test_a_score_of_ones_own_has_no_variant_of_the_package():
    found = variants(SCORES, config(metrics=["mine:MCC", "mine:R2"]))
    assert set(VARIANTS) - set(found) == {"MCC", "R2"}


def test_without_factors_there_is_nothing_to_name():
    assert variants(Scores(num_samples=1, psnr=9.0), config()) == {}


def test_the_page_names_them_too(tmp_path):
    run = RunDirectory(tmp_path)
    config().write(run.config)
    SCORES.write(run.scores)
    titles = [section.title for section in _sections(run)]
    assert titles == ["Figures", "Scores", "Settings"]
    text = _sections(run)[1].html
    assert f"<td>MCC</td><td>{VARIANTS['MCC']}</td>" in text
