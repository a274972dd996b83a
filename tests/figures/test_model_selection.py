"""The figure of UDR against InfoM: positions of the runs."""

import numpy as np
import pytest

from keras_qlae import figures

pytestmark = pytest.mark.backend_free

RNG = np.random.default_rng(0)
UDR, INFOM = RNG.random((2, 2, 3, 4))


def test_a_point_a_run():
    figure = figures.model_selection(
        UDR,
        INFOM,
        datasets=["one", "two"],
        models=["a", "b", "c"],
        correlations=[0.5, None],
    )
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["one: rank correlation 0.50", "two"]
    for i, axes in enumerate(figure.axes):
        for j, line in enumerate(axes.get_lines()):
            np.testing.assert_array_equal(line.get_xdata(), UDR[i, j])
            np.testing.assert_array_equal(line.get_ydata(), INFOM[i, j])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]
    looks = {(x.get_marker(), x.get_color()) for x in axes.get_lines()}
    assert len(looks) == 3
    assert figure.get_supylabel() == "InfoM"


def test_runs_without_a_score_are_left_out_and_names_may_be():
    udr = UDR.copy()
    udr[0, 1, 2] = np.nan
    figure = figures.model_selection(udr[:1], INFOM[:1], correlations=[0.25])
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "rank correlation 0.25"
    assert not figure.legends
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"same shape.*\(1, 3, 4\)"):
        figures.model_selection(UDR, INFOM[:1])
    with pytest.raises(ValueError, match="`udr` must have the shape"):
        figures.model_selection(UDR[0], INFOM)
    with pytest.raises(ValueError, match="`models` must be"):
        figures.model_selection(UDR, INFOM, models=["a"])
