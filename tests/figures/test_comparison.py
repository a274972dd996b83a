"""The figure of a comparison: positions of means and intervals."""

import numpy as np
import pytest

from keras_qlae import figures
from keras_qlae.figures.style import BLUE

pytestmark = pytest.mark.backend_free

NAN = np.nan
# One data set, three models (the last without values), two metrics, 2 seeds.
VALUES = np.array(
    [[[[0.8, 0.6], [30, 31]], [[0.4, NAN], [32, NAN]], [[NAN] * 2] * 2]]
)
INTERVALS = np.array(
    [[[[0.5, 0.9], [29, 32]], [[NAN, NAN]] * 2, [[NAN, NAN]] * 2]]
)


def drawn():
    return figures.comparison(
        VALUES, INTERVALS, models=["a", "b", "c"], metrics=["InfoM", "PSNR"]
    )


def test_means_and_intervals_are_drawn_at_their_values():
    first, second = drawn().axes
    assert first.get_title(loc="left") == "InfoM"
    assert second.get_title(loc="left") == "PSNR"
    assert [t.get_text() for t in first.get_yticklabels()] == ["a", "b", "c"]
    (means,) = [line for line in first.lines if line.get_color() == BLUE]
    np.testing.assert_allclose(means.get_xdata(), [0.7, 0.4, NAN])
    np.testing.assert_array_equal(means.get_ydata(), [0, 1, 2])
    bar = first.collections[0].get_segments()[0]
    np.testing.assert_allclose(bar, [[0.5, 0], [0.9, 0]])
    low, high = first.get_ylim()
    assert low > high  # the first model at the top


def test_several_data_sets_are_rows_with_names():
    figure = figures.comparison(
        np.concatenate([VALUES, VALUES]),
        np.concatenate([INTERVALS, INTERVALS]),
        datasets=["one", "two"],
    )
    assert len(figure.axes) == 4
    assert [axes.get_ylabel() for axes in figure.axes[::2]] == ["one", "two"]


def test_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="`intervals` must have the shape"):
        figures.comparison(VALUES, INTERVALS[..., :1])
    with pytest.raises(ValueError, match="`models` must be a sequence"):
        figures.comparison(VALUES, INTERVALS, models=["a"])
    with pytest.raises(ValueError, match="`values` must have the shape"):
        figures.comparison(VALUES[0], INTERVALS)
