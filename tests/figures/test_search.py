"""Figures of a search: each setting, and all at once."""

import numpy as np
import pytest

from keras_qlae import figures
from keras_qlae.figures.style import VERMILION

pytestmark = pytest.mark.backend_free

SETTINGS = {"weight_decay": [0.0, 0.001, 0.5], "num_values": [4, 10, 16]}
SCORES = [0.3, 0.2, 0.7]


def test_score_stands_over_each_setting():
    decay, sizes = figures.search_scores(SETTINGS, SCORES, label="InfoM").axes
    assert decay.get_xscale() == "log"
    assert sizes.get_xscale() == "linear"
    assert decay.get_title(loc="left") == "Weight decay"
    points = next(line for line in sizes.lines if len(line.get_xdata()) == 3)
    np.testing.assert_array_equal(points.get_xdata(), [4, 10, 16])
    np.testing.assert_array_equal(points.get_ydata(), SCORES)
    (best,) = [line for line in sizes.lines if line.get_color() == VERMILION]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (16, 0.7)
    assert decay.get_ylabel() == "InfoM"


def test_zero_has_a_place_of_its_own_on_a_logarithmic_axis():
    axes = figures.search_scores(SETTINGS, SCORES).axes[0]
    places = next(
        line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 3
    )
    assert 0 < places[0] < places[1] == 0.001
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[:2] == ["0", "0.001"]
    assert axes.get_xticks()[0] == places[0]


def test_parallel_coordinates_draw_a_line_a_trial_to_its_score():
    (axes,) = figures.parallel_coordinates(SETTINGS, SCORES, "InfoM").axes
    trials = [line for line in axes.lines if len(line.get_ydata()) == 3]
    ends = sorted(line.get_ydata()[-1] for line in trials)
    np.testing.assert_allclose(ends, [0, 0.2, 1])
    best = next(line for line in trials if line.get_ydata()[-1] == 1)
    np.testing.assert_allclose(best.get_ydata(), [1, 1, 1])
    texts = {text.get_text() for text in axes.texts}
    assert {"weight decay", "num values", "InfoM", "0.5", "16"} <= texts


@pytest.mark.parametrize(
    "draw", [figures.search_scores, figures.parallel_coordinates]
)
def test_refuses_data_that_it_cannot_show(draw):
    with pytest.raises(ValueError, match="Received: 2 scores"):
        draw(SETTINGS, [0.1, 0.2])
    with pytest.raises(ValueError, match="at least one setting"):
        draw({}, [])
    draw({"a": [1.0]}, [0.5])  # a single trial
