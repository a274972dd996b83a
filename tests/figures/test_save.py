"""Figures are written completely or not at all, and leave no trace."""

import errno
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from keras_qlae import figures

pytestmark = pytest.mark.backend_free


class TwoLatents:
    """The interface of a model and its latent that `traversals` uses."""

    codebooks = [[0.0, 1.0, 2.0]] * 2

    @property
    def latent(self):
        return self

    def levels(self, codes, num_values):
        return [[0, 1, 2]] * 2

    def traverse(self, images, levels):
        return [np.repeat(images[:, None], 3, axis=1)] * 2


IMAGES = np.zeros((1, 2, 8, 8, 3), dtype=np.uint8)
EVERY_FIGURE = {
    "code_usage": lambda: figures.code_usage(
        [1, 2], np.ones((2, 3)), np.zeros((2, 3)), [4, 4, 4]
    ),
    "codebook_trajectories": lambda: figures.codebook_trajectories(
        [1, 2], np.zeros((2, 3, 4))
    ),
    "comparison": lambda: figures.comparison(
        np.zeros((1, 2, 1, 3)), np.zeros((1, 2, 1, 2))
    ),
    "interventions": lambda: figures.interventions(IMAGES[None]),
    "latent_densities": lambda: figures.latent_densities(np.zeros((9, 2))),
    "latents_by_factor": lambda: figures.latents_by_factor(
        np.eye(8, 2, dtype=int), np.ones((8, 2)) * np.arange(8)[:, None]
    ),
    "model_selection": lambda: figures.model_selection(
        np.zeros((1, 2, 3)), np.zeros((1, 2, 3))
    ),
    "nmi_heatmap": lambda: figures.nmi_heatmap(np.eye(3)),
    "reconstructions": lambda: figures.reconstructions(IMAGES[0], IMAGES[0]),
    "parallel_coordinates": lambda: figures.parallel_coordinates(
        {"a": [1, 2]}, [0.1, 0.2]
    ),
    "search_scores": lambda: figures.search_scores({"a": [1, 2]}, [0.1, 0.2]),
    "samples": lambda: figures.samples(IMAGES[0]),
    "training_curves": lambda: figures.training_curves({"loss": [2, 1]}),
    "traversals": lambda: figures.traversals(TwoLatents(), IMAGES[0]),
}


def test_every_figure_is_listed_here():
    assert {*EVERY_FIGURE, "save"} == set(figures.__all__)


@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_figures_neither_change_nor_use_global_settings(name, tmp_path):
    plain = figures.save(EVERY_FIGURE[name](), tmp_path / "plain.png")
    dark = {
        "figure.facecolor": "black",
        "axes.facecolor": "black",
        "text.color": "white",
        "xtick.color": "yellow",
        "xtick.labelcolor": "yellow",
        "savefig.bbox": "tight",
        "savefig.dpi": 31,
        "figure.dpi": 31,
    }
    with matplotlib.rc_context(dark):
        before = dict(matplotlib.rcParams)
        figure = EVERY_FIGURE[name]()
        figures.save(figure, tmp_path / "dark.png")
        assert dict(matplotlib.rcParams) == before
    np.testing.assert_array_equal(imread(plain), imread(tmp_path / "dark.png"))


@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_figures_show_themselves_in_a_notebook(name):
    assert EVERY_FIGURE[name]()._repr_png_().startswith(b"\x89PNG")


def test_importing_brings_no_matplotlib_and_drawing_no_pyplot(tmp_path):
    code = """
import sys
import keras  # brings pyplot itself, where it is installed
before = set(sys.modules)
from keras_qlae import figures
assert "matplotlib" not in set(sys.modules) - before
figures.save(figures.nmi_heatmap([[1.0]]), sys.argv[1])
assert "matplotlib.pyplot" not in set(sys.modules) - before
"""
    path = str(tmp_path / "nmi.png")
    subprocess.run([sys.executable, "-c", code, path], check=True)


def test_save_makes_folders_and_leaves_only_the_picture(tmp_path):
    path = tmp_path / "figures" / "nmi.png"
    figure = EVERY_FIGURE["nmi_heatmap"]()
    assert figures.save(figure, str(path)) == path
    assert list(path.parent.iterdir()) == [path]
    width, height = figure.get_size_inches() * figure.dpi
    assert imread(path).shape[:2] == (int(height), int(width))


def test_save_takes_a_resolution_and_other_formats(tmp_path):
    figure = EVERY_FIGURE["samples"]()
    double = figures.save(figure, tmp_path / "a.png", dpi=2 * figure.dpi)
    single = figures.save(figure, tmp_path / "b.png")
    assert imread(double).shape[0] == 2 * imread(single).shape[0]
    pdf = figures.save(figure, tmp_path / "c.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_failed_save_keeps_the_older_picture(tmp_path, monkeypatch):
    path = tmp_path / "nmi.png"
    path.write_bytes(b"older")
    figure = EVERY_FIGURE["nmi_heatmap"]()

    def fill_the_disk(file, **kwargs):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(figure, "savefig", fill_the_disk)
    with pytest.raises(OSError, match=r"nmi\.png: No space left"):
        figures.save(figure, path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"older"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match=r"Cannot write .*file.nmi\.png"):
        figures.save(EVERY_FIGURE["samples"](), tmp_path / "file" / "nmi.png")


def test_permission_errors_stay_permission_errors(tmp_path, monkeypatch):
    def deny(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", deny)
    with pytest.raises(PermissionError, match="choose a directory that can be"):
        figures.save(EVERY_FIGURE["samples"](), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_save_needs_a_format(tmp_path):
    figure = EVERY_FIGURE["samples"]()
    with pytest.raises(ValueError, match="must end in the wanted format"):
        figures.save(figure, tmp_path / "nmi")
    with pytest.raises(ValueError, match="xyz"):
        figures.save(figure, tmp_path / "nmi.xyz")
    assert not list(tmp_path.iterdir())
