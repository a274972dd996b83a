"""Codebook trajectories and latent densities: a panel a latent."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_qlae import figures
from keras_qlae.figures.style import INK
from keras_qlae.figures.style import RED
from tests.cases import slow

pytestmark = pytest.mark.backend_free


def titles_of(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_trajectories_draw_a_line_a_value():
    steps = [100, 200, 300, 400]
    codebooks = np.random.default_rng(0).normal(size=(4, 3, 5))
    figure = figures.codebook_trajectories(steps, codebooks)
    assert titles_of(figure) == ["Latent 0", "Latent 1", "Latent 2"]
    for latent, axes in enumerate(figure.axes):
        assert len(axes.lines) == 5
        for value, line in enumerate(axes.lines):
            np.testing.assert_array_equal(line.get_xdata(), steps)
            np.testing.assert_array_equal(
                line.get_ydata(), codebooks[:, latent, value]
            )
    assert figure.get_supxlabel() == "Step"


def test_trajectories_share_axes():
    codebooks = np.ones((2, 2, 2)) * [[[1.0], [5.0]]]
    first, second = figures.codebook_trajectories([1, 2], codebooks).axes
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[1] >= 5


def test_trajectories_leave_out_the_padding():
    codebooks = np.zeros((3, 2, 4))
    codebooks[:, 1, 2:] = np.nan
    figure = figures.codebook_trajectories([1, 2, 3], codebooks)
    assert [len(axes.lines) for axes in figure.axes] == [4, 2]


def test_a_single_epoch_is_drawn_as_points():
    figure = figures.codebook_trajectories(
        [1], np.zeros((1, 1, 2)), step_name="Epoch"
    )
    assert {line.get_marker() for line in figure.axes[0].lines} == {"o"}
    assert figure.get_supxlabel() == "Epoch"


def test_inactive_latents_are_named_in_red():
    mask = [True, False]
    for figure in (
        figures.codebook_trajectories([1], np.zeros((1, 2, 2)), is_active=mask),
        figures.latent_densities(np.zeros((4, 2)), is_active=mask),
    ):
        assert titles_of(figure) == ["Latent 0", "Latent 1 (inactive)"]
        colours = [to_hex(each._left_title.get_color()) for each in figure.axes]
        assert colours == [INK, RED]


@pytest.mark.parametrize(
    ("steps", "codebooks", "message"),
    [
        ([1, 2], np.zeros((3, 2, 2)), r"2 steps.*\(3, 2, 2\)"),
        ([1], np.zeros((1, 2)), r"num_latents, num_values\).*\(1, 2\)"),
        ([[1]], np.zeros((1, 2, 2)), r"\(num_epochs,\).*\(1, 1\)"),
        ([np.nan], np.zeros((1, 2, 2)), "`steps` must be finite"),
        ([1], np.full((1, 1, 2), np.inf), "2 infinite"),
    ],
)
def test_wrong_trajectories_are_refused(steps, codebooks, message):
    with pytest.raises(ValueError, match=message):
        figures.codebook_trajectories(steps, codebooks)


def test_densities_have_unit_area_and_their_place():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(5000, 3)) * 0.1 + [-1.0, 0.0, 2.0]
    figure = figures.latent_densities(latents)
    for latent, axes in enumerate(figure.axes):
        density, edges, _ = axes.patches[0].get_data()
        widths = np.diff(edges)
        # At most a thousandth at either end lies outside.
        assert 0.998 <= density @ widths <= 1 + 1e-9
        mean = (density * widths) @ (edges[:-1] + edges[1:]) / 2
        np.testing.assert_allclose(mean, latents[:, latent].mean(), atol=0.02)
    limits = {axes.get_xlim() for axes in figure.axes}
    assert len(limits) == 1


def test_densities_have_a_line_at_each_codebook_value():
    latents = np.random.default_rng(0).normal(size=(100, 2))
    codebooks = [[-0.5, 0.0, 7.0], [0.25]]
    padded = np.array([[-0.5, 0.0, 7.0], [0.25, np.nan, np.nan]])
    for given in (codebooks, padded):
        figure = figures.latent_densities(latents, codebooks=given)
        for axes, values in zip(figure.axes, codebooks, strict=True):
            segments = axes.collections[0].get_segments()
            assert [segment[0, 0] for segment in segments] == values
            assert axes.get_xlim()[1] > 7
        assert "codebook values" in figure.get_supxlabel()
    assert figures.latent_densities(latents).get_supxlabel() == "Latent"


def test_a_constant_latent_is_a_single_bar():
    (axes,) = figures.latent_densities(np.full((10, 1), 3.0)).axes
    density, edges, _ = axes.patches[0].get_data()
    (bar,) = np.flatnonzero(density)
    assert edges[bar] <= 3.0 <= edges[bar + 1]


def test_wrong_densities_are_refused():
    latents = np.zeros((10, 2))
    with pytest.raises(ValueError, match=r"num_latents\).*\(10,\)"):
        figures.latent_densities(latents[:, 0])
    with pytest.raises(ValueError, match="`latents` must be finite"):
        figures.latent_densities([[np.inf]])
    with pytest.raises(ValueError, match=r"2 latents\. Received: 1 rows"):
        figures.latent_densities(latents, codebooks=[[0.0]])
    with pytest.raises(ValueError, match="infinite values"):
        figures.latent_densities(latents, codebooks=[[0.0], [np.inf]])


@pytest.mark.parametrize("count", [1, 2, 5, 12, *slow(23, 24)])
def test_panels_neither_overlap_nor_are_cut_off(count):
    codebooks = np.random.default_rng(0).normal(size=(5, count, 3))
    mask = np.zeros(count, dtype=bool)
    figure = figures.codebook_trajectories(
        np.arange(5) * 1000, codebooks, is_active=mask
    )
    assert len(figure.axes) == count
    figure.draw_without_rendering()
    for i, axes in enumerate(figure.axes):
        box = axes.get_tightbbox()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        for other in figure.axes[i + 1 :]:
            assert not axes.get_window_extent().overlaps(
                other._left_title.get_window_extent()
            )


def test_code_usage_draws_perplexity_and_codes_in_use():
    steps = [100, 200, 300]
    perplexity = np.array([[1.0, 2.5], [2.0, 3.0], [3.5, 4.0]])
    num_dead = np.array([[3, 2], [2, 1], [0, 1]])
    figure = figures.code_usage(
        steps, perplexity, num_dead, [4, 6], is_active=[True, False]
    )
    assert titles_of(figure) == ["Latent 0", "Latent 1 (inactive)"]
    for latent, (axes, size) in enumerate(
        zip(figure.axes, [4, 6], strict=True)
    ):
        codebook, used, even = axes.lines
        assert set(codebook.get_ydata()) == {size}
        np.testing.assert_array_equal(
            used.get_ydata(), size - num_dead[:, latent]
        )
        np.testing.assert_array_equal(even.get_ydata(), perplexity[:, latent])
        np.testing.assert_array_equal(even.get_xdata(), steps)
        assert axes.get_ylim()[0] == 0
        assert axes.get_ylim()[1] > size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [[1.0]], [[0], [0]], [2]), r"\(1, 1\) and \(2, 1\), 1 steps"),
        (([1], [[1.0]], [[0]], [2, 2]), "2 codebook sizes"),
        (([1], [[np.nan]], [[0]], [2]), "`perplexity` must be finite"),
    ],
)
def test_wrong_code_usage_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        figures.code_usage(*arguments)
