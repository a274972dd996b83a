"""Latents against factors: a panel for each pair."""

import numpy as np
import pytest

from keras_qlae import figures

pytestmark = pytest.mark.backend_free

FACTORS = np.array([[a, b] for a in (0, 1, 3) for b in (0, 1)] * 5)
LATENTS = np.column_stack([FACTORS[:, 0] * 2.0, np.zeros(30), -FACTORS[:, 1]])


def test_lines_are_medians_over_the_values_of_a_factor():
    figure = figures.latents_by_factor(FACTORS, LATENTS, factor_names="ab")
    assert len(figure.axes) == 6
    first, *_ = figure.axes
    assert first.get_ylabel() == "a"
    (line,) = first.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 3])
    np.testing.assert_array_equal(line.get_ydata(), [0, 2, 6])
    (line,) = figure.axes[5].lines
    np.testing.assert_array_equal(line.get_ydata(), [0, -1])


def test_inactive_latents_are_left_out():
    mask = [True, False, True]
    figure = figures.latents_by_factor(FACTORS, LATENTS, is_active=mask)
    titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert titles == ["Latent 0", "Latent 2"]
    figure = figures.latents_by_factor(FACTORS, LATENTS, is_active=[False] * 3)
    assert len(figure.axes) == 6


def test_of_many_latents_panels_are_smaller():
    many = np.tile(LATENTS, 20)
    figure = figures.latents_by_factor(FACTORS, many)
    assert len(figure.axes) == 120
    assert max(figure.get_size_inches()) < 31


@pytest.mark.parametrize("num_latents", [3, 6, 12])
def test_a_page_shows_the_text_in_its_own_size(num_latents):
    latents = np.tile(LATENTS, 4)[:, :num_latents]
    figure = figures.latents_by_factor(FACTORS, latents)
    assert figure.get_size_inches()[0] < 8.1


def test_titles_of_narrow_panels_are_numbers():
    many = np.tile(LATENTS, 4)
    figure = figures.latents_by_factor(FACTORS, many)
    titles = [axes.get_title(loc="left") for axes in figure.axes[:12]]
    assert titles == [str(latent) for latent in range(12)]
    assert figure.get_suptitle() == "Latent"
    figure = figures.latents_by_factor(FACTORS, many, is_active=[False] * 12)
    assert figure.get_suptitle() == "Latent (all are inactive)"


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"the same length.*30 and 29 rows"):
        figures.latents_by_factor(FACTORS, LATENTS[1:])
    with pytest.raises(ValueError, match="1 names"):
        figures.latents_by_factor(FACTORS, LATENTS, factor_names=["a"])
    with pytest.raises(ValueError, match="finite"):
        figures.latents_by_factor(FACTORS, LATENTS * np.nan)
