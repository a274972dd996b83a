"""The table of factors against latents."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.colors import to_rgb

from keras_qlae import figures
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import RED

pytestmark = pytest.mark.backend_free

NMI = np.array([[0.98, 0.004, 0.1], [-0.001, 0.456, 0.5]])


def texts_of(axes):
    """The numbers in the cells, by (row, column)."""
    return {
        tuple(int(part) for part in text.get_position()[::-1]): text
        for text in axes.texts
    }


def test_each_cell_has_its_number_with_two_decimals():
    axes, bar = figures.nmi_heatmap(NMI).axes
    shown = {place: text.get_text() for place, text in texts_of(axes).items()}
    assert shown == {
        (0, 0): "0.98",
        (0, 1): "0.00",
        (0, 2): "0.10",
        (1, 0): "0.00",
        (1, 1): "0.46",
        (1, 2): "0.50",
    }
    assert axes.yaxis_inverted()
    np.testing.assert_array_equal(axes.collections[0].get_array(), NMI)
    assert bar.get_ylabel() == "NMI"


def test_rows_and_columns_are_named():
    axes = figures.nmi_heatmap(NMI, factor_names=["hue", "size"]).axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == [
        "hue",
        "size",
    ]
    assert [each.get_text() for each in axes.get_xticklabels()] == [
        "0",
        "1",
        "2",
    ]
    assert axes.get_xlabel() == "Latent"


def test_inactive_latents_have_red_labels_and_red_cells():
    figure = figures.nmi_heatmap(NMI, is_active=[True, False, True])
    axes = figure.axes[0]
    colours = [to_hex(each.get_color()) for each in axes.get_xticklabels()]
    assert colours == [INK, RED, INK]
    assert axes.get_xlabel() == "Latent (inactive in red)"
    red_cells = axes.collections[1]
    np.testing.assert_array_equal(
        red_cells.get_array().mask, [[True, False, True]] * 2
    )
    red, green, blue, _ = red_cells.to_rgba(np.array(0.0))
    assert red > green > 0.8 * red
    assert red > blue > 0.8 * red


def luminance(colour):
    channels = np.array(to_rgb(colour))
    linear = np.where(
        channels <= 0.04045,
        channels / 12.92,
        ((channels + 0.055) / 1.055) ** 2.4,
    )
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("active", [True, False])
def test_numbers_are_readable_on_every_shade(active):
    nmi = np.linspace(0, 1, 41)[None]
    figure = figures.nmi_heatmap(nmi, is_active=[active] * 41)
    axes = figure.axes[0]
    cells = axes.collections[-1]
    for (_, column), text in texts_of(axes).items():
        ground = luminance(cells.to_rgba(nmi[0, column : column + 1])[0, :3])
        pair = sorted([ground, luminance(text.get_color())])
        # 3 is the least that WCAG 2 asks for, of large text.
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 3.5


def test_scores_and_title_stand_above_the_table():
    scores = {"InfoM": 0.814, "InfoE": 0.99}
    axes = figures.nmi_heatmap(NMI, scores=scores, title="qlae").axes[0]
    assert axes.get_title(loc="left") == "qlae\nInfoM 0.81    InfoE 0.99"


@pytest.mark.parametrize("shape", [(1, 2), (6, 12), (9, 24)])
def test_nothing_overlaps_or_is_cut_off(shape):
    nmi = np.random.default_rng(0).uniform(size=shape)
    names = [f"a_rather_long_name_{i}" for i in range(shape[0])]
    figure = figures.nmi_heatmap(nmi, factor_names=names, scores={"InfoM": 1})
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nmi": [1.0, 2.0]}, r"\(num_factors, num_latents\).*\(2,\)"),
        ({"nmi": np.zeros((0, 3))}, r"no axis empty.*\(0, 3\)"),
        ({"nmi": [[np.nan, 1.0]]}, "`nmi` must be finite.*1 values"),
        ({"nmi": NMI, "factor_names": ["a"]}, "2 factors.*'a'"),
        ({"nmi": NMI, "factor_names": "ab"}, "2 factors.*'ab'"),
        ({"nmi": NMI, "is_active": [True]}, r"3 latents.*\(1,\)"),
        ({"nmi": NMI, "is_active": [0, 1, 2]}, "3 latents.*dtype int"),
    ],
)
def test_wrong_tables_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        figures.nmi_heatmap(**arguments)
