"""Curves of logged values."""

import math

import numpy as np
import pytest

from keras_qlae import figures
from keras_qlae.figures.training_curves import _spread

pytestmark = pytest.mark.backend_free


def panels_of(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def test_training_and_validation_share_a_panel():
    history = {
        "loss": [3.0, 2.0],
        "psnr": [20.0, 24.0],
        "val_loss": [3.5, 2.5],
        "val_psnr": [19.0, 23.0],
        "val_active_latents": [12, 9],
    }
    figure = figures.training_curves(history)
    panels = panels_of(figure)
    assert list(panels) == ["Loss", "PSNR (dB)", "Active latents"]
    lines = {line.get_label(): line for line in panels["PSNR (dB)"].lines}
    for name, line in lines.items():
        np.testing.assert_array_equal(line.get_xdata(), [1, 2])
        np.testing.assert_array_equal(line.get_ydata(), history[name])
    assert set(lines) == {"psnr", "val_psnr"}
    assert lines["psnr"].get_color() != lines["val_psnr"].get_color()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "training",
        "validation",
    ]


def test_no_legend_without_validation():
    assert not figures.training_curves({"loss": [2.0, 1.0]}).legends


def test_infomec_scores_share_a_panel_with_direct_labels():
    history = {
        "val_infom": [0.5, 0.81],
        "val_infoe": [0.9, 0.99],
        "val_infoc": [0.3, 0.8],
    }
    (axes,) = figures.training_curves(history).axes
    assert axes.get_title(loc="left") == "InfoMEC"
    low, high = axes.get_ylim()
    assert low == 0
    assert 1 <= high < 1.1
    labels = {text.get_text(): text for text in axes.texts}
    assert set(labels) == {"InfoM 0.81", "InfoE 0.99", "InfoC 0.80"}
    colours = {line.get_label(): line.get_color() for line in axes.lines}
    assert labels["InfoM 0.81"].get_color() == colours["val_infom"]


def test_labels_move_apart_and_stay_inside():
    for ends in ([0.5, 0.5, 0.5], [0.0, 0.01, 0.02], [0.97, 0.98, 1.0]):
        placed = _spread(ends)
        assert np.diff(placed).min() >= 0.09 - 1e-12
        assert placed[0] >= 0
        assert placed[-1] <= 1
    assert _spread([0.1, 0.5, 0.9]) == [0.1, 0.5, 0.9]


def test_missing_values_are_skipped():
    history = {
        "epoch": ["0", "1", "2", "3", "4", "5"],
        "psnr": ["20", "", "NA", "23.5", "nan", "inf"],
        "val_psnr": [None, 19.0, math.nan, np.float32(22), None, None],
        "kl_loss": [None] * 6,
    }
    figure = figures.training_curves(history)
    (axes,) = figure.axes
    first, second = axes.lines
    np.testing.assert_array_equal(first.get_xydata(), [[0, 20], [3, 23.5]])
    np.testing.assert_array_equal(second.get_xydata(), [[1, 19], [3, 22]])


def test_a_loss_over_decades_has_a_labelled_log_axis():
    figure = figures.training_curves(
        {"loss": [1.0, 0.01], "psnr": [1.0, 30.0], "total_kl": [0.0, 50.0]}
    )
    panels = panels_of(figure)
    assert panels["Loss (log scale)"].get_yscale() == "log"
    assert panels["PSNR (dB)"].get_yscale() == "linear"
    assert panels["Total KL"].get_yscale() == "linear"


def test_a_single_epoch_is_drawn_as_a_point():
    (axes,) = figures.training_curves({"loss": [1.0]}).axes
    assert axes.lines[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, r"at least one value.*columns \[\]"),
        ({"epoch": [1, 2]}, r"besides 'epoch'.*\['epoch'\]"),
        ({"loss": [None]}, "at least one value"),
        ({"loss": [1], "psnr": [1, 2]}, "'loss': 1, 'psnr': 2"),
        ({"loss": ["high"]}, r"history\['loss'\].*high"),
        ({"loss": [[1, 2]]}, r"history\['loss'\]"),
        ({"loss": 3.0}, r"history\['loss'\]"),
    ],
)
def test_wrong_histories_are_refused(history, message):
    with pytest.raises(ValueError, match=message):
        figures.training_curves(history)
