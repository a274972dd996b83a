"""Pictures made of images: interventions, reconstructions, samples."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread

from keras_qlae import figures
from keras_qlae.figures.style import RED

pytestmark = pytest.mark.backend_free

SIZE = 8
GAP = 1  # white pixels between images of this size


def random_images(*shape, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    full = (*shape, SIZE, SIZE, channels)
    return rng.integers(0, 256, full, dtype=np.uint8)


def cell(axes, row, column):
    """The image at one place of the mosaic that an axes shows."""
    top, left = row * (SIZE + GAP), column * (SIZE + GAP)
    shown = np.asarray(axes.images[0].get_array())
    return shown[top : top + SIZE, left : left + SIZE]


def tick_labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def rendered(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    return np.rint(imread(buffer)[..., :3] * 255).astype(np.uint8)


def test_interventions_put_each_image_in_its_place():
    images = random_images(3, 2, 4)
    figure = figures.interventions(images)
    assert len(figure.axes) == 3
    for latent, axes in enumerate(figure.axes):
        assert axes.get_title(loc="left") == f"Latent {latent}"
        assert tick_labels(axes.xaxis) == ["0", "1", "2", "3"]
        for row in range(2):
            for column in range(4):
                np.testing.assert_array_equal(
                    cell(axes, row, column), images[latent, row, column]
                )


def test_interventions_name_values_factors_and_inactive_latents():
    figure = figures.interventions(
        random_images(2, 1, 3),
        values=[[-0.5, -0.001, 0.25], [-1.25, 0, 1]],
        titles=["wall_hue", ""],
        is_active=np.array([True, False]),
    )
    first, second = figure.axes
    assert first.get_title(loc="left") == "Latent 0: wall_hue"
    assert second.get_title(loc="left") == "Latent 1 (inactive)"
    assert tick_labels(first.xaxis) == ["−0.50", "0.00", "0.25"]  # noqa: RUF001
    colours = [to_hex(axes._left_title.get_color()) for axes in figure.axes]
    assert [colour == RED for colour in colours] == [False, True]


def test_interventions_take_codebooks_of_different_sizes():
    images = [random_images(2, 4), random_images(2, 2)]
    values = np.array([[0.0, 1.0, 2.0, 3.0], [5.0, 6.0, np.nan, np.nan]])
    figure = figures.interventions(images, values=values)
    assert tick_labels(figure.axes[1].xaxis) == ["5.00", "6.00"]
    positions = [np.arange(4), np.array([7, 300])]
    figure = figures.interventions(images, values=positions)
    assert tick_labels(figure.axes[1].xaxis) == ["7", "300"]
    for axes, grid in zip(figure.axes, images, strict=True):
        width = axes.images[0].get_array().shape[1]
        assert width == grid.shape[1] * (SIZE + GAP) - GAP
        np.testing.assert_array_equal(cell(axes, 1, 1), grid[1, 1])


@pytest.mark.parametrize("size", [8, 28, 32, 64])
@pytest.mark.parametrize("num_values", [3, 10])
def test_images_are_drawn_pixel_for_pixel(size, num_values):
    rng = np.random.default_rng(0)
    shape = (3, 2, num_values, size, size, 3)
    images = rng.integers(0, 256, shape, dtype=np.uint8)
    figure = figures.interventions(images)
    canvas = rendered(figure)
    scale = round(64 / size)
    for axes in figure.axes:
        shown = np.asarray(axes.images[0].get_array())
        wanted = shown.repeat(scale, axis=0).repeat(scale, axis=1)
        box = axes.get_window_extent()
        left, top = round(box.x0), round(canvas.shape[0] - box.y1)
        drawn = canvas[
            top : top + wanted.shape[0], left : left + wanted.shape[1]
        ]
        np.testing.assert_array_equal(drawn, wanted)


@pytest.mark.parametrize("num_values", [2, 10])
def test_grids_and_their_headers_do_not_overlap(num_values):
    figure = figures.interventions(
        random_images(12, 6, num_values),
        values=np.full((12, num_values), -0.25),
        titles=["lighting_intensity"] * 12,
        is_active=[False] * 12,
    )
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


def test_interventions_refuse_latents_of_different_images():
    with pytest.raises(ValueError, match="same rows and the same image size"):
        figures.interventions([random_images(2, 4), random_images(3, 4)])
    with pytest.raises(ValueError, match="at least one latent"):
        figures.interventions([])


def test_interventions_refuse_lengths_that_differ():
    images = random_images(2, 1, 3)
    with pytest.raises(ValueError, match=r"\[3, 3\].*Received: \[3, 2\]"):
        figures.interventions(images, values=[[0, 1, 2], [0, 1]])
    with pytest.raises(ValueError, match=r"`titles`.*2 latents.*\['a'\]"):
        figures.interventions(images, titles=["a"])
    with pytest.raises(ValueError, match=r"`is_active`.*2 latents"):
        figures.interventions(images, is_active=[0, 1])


def test_reconstructions_show_true_rebuilt_and_scaled_difference():
    true = np.full((2, SIZE, SIZE, 3), 0.5)
    rebuilt = true + np.array([0.1, -0.05]).reshape(2, 1, 1, 1)
    figure = figures.reconstructions(true, rebuilt, difference_scale=4)
    (axes,) = figure.axes
    assert tick_labels(axes.yaxis) == ["True", "Rebuilt", "Difference\n×4"]  # noqa: RUF001
    for column, (new, difference) in enumerate([(0.6, 0.4), (0.45, 0.2)]):
        rows = [cell(axes, row, column) for row in range(3)]
        expected = [0.5, new, difference]
        for shown, value in zip(rows, expected, strict=True):
            assert np.unique(shown) == np.rint(255 * value)
    # -10 log10(0.1 ** 2) and -10 log10(0.05 ** 2)
    assert tick_labels(axes.xaxis) == ["20.0", "26.0"]


@pytest.mark.parametrize(
    ("largest", "scale"), [(0.0, 100), (0.04, 20), (0.4, 2), (1.0, 1)]
)
def test_difference_is_magnified_without_clipping(largest, scale):
    true = np.zeros((1, SIZE, SIZE, 1))
    rebuilt = true.copy()
    rebuilt[0, 3, 4] = largest
    (axes,) = figures.reconstructions(true, rebuilt).axes
    assert tick_labels(axes.yaxis)[2].endswith(f"{scale}")
    expected = np.rint(255 * largest * scale)
    np.testing.assert_array_equal(cell(axes, 2, 0)[3, 4], [expected] * 3)


def test_exact_reconstruction_has_infinite_psnr():
    images = random_images(3)
    (axes,) = figures.reconstructions(images, images).axes
    assert tick_labels(axes.xaxis) == ["∞"] * 3


def test_uint8_and_float_images_compare():
    images = random_images(3)
    (axes,) = figures.reconstructions(images, images / 255.0).axes
    np.testing.assert_array_equal(cell(axes, 1, 2), images[2])
    np.testing.assert_array_equal(cell(axes, 2, 2), 0)


def test_many_reconstructions_go_on_in_further_bands():
    images = random_images(20)
    first, second = figures.reconstructions(images, images).axes
    np.testing.assert_array_equal(cell(first, 0, 9), images[9])
    np.testing.assert_array_equal(cell(second, 1, 0), images[10])
    assert len(tick_labels(second.xaxis)) == 10


def test_reconstructions_refuse_other_shapes():
    images = random_images(3)
    with pytest.raises(ValueError, match=r"same shape.*\(3, 8, 8, 3\) and"):
        figures.reconstructions(images, images[:2])
    with pytest.raises(ValueError, match="difference_scale=0"):
        figures.reconstructions(images, images, difference_scale=0)


def test_samples_fill_a_square_row_by_row():
    images = random_images(7)
    (axes,) = figures.samples(images).axes
    assert axes.images[0].get_array().shape == (3 * SIZE + 2, 3 * SIZE + 2, 3)
    np.testing.assert_array_equal(cell(axes, 1, 2), images[5])
    np.testing.assert_array_equal(cell(axes, 2, 1), 255)


def test_grey_images_show_equal_channels():
    images = random_images(4, channels=1)
    (axes,) = figures.samples(images).axes
    np.testing.assert_array_equal(
        cell(axes, 1, 0), images[2].repeat(3, axis=-1)
    )


def test_floats_are_rounded_not_cut_off():
    images = np.full((1, SIZE, SIZE, 1), np.float16(0.999))
    (axes,) = figures.samples(images).axes
    assert np.unique(cell(axes, 0, 0)) == 255


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((8, 8, 3)), r"num_images, height.*shape \(8, 8, 3\)"),
        (np.zeros((2, 8, 8, 2)), r"1 or 3 channels.*\(2, 8, 8, 2\)"),
        (np.zeros((0, 8, 8, 3)), r"no axis empty.*\(0, 8, 8, 3\)"),
        (np.full((1, 8, 8, 3), 1.5), "sigmoid.*from 1.5 to 1.5"),
        (np.full((1, 8, 8, 3), -0.1), "from -0.1"),
        (np.full((1, 8, 8, 3), np.nan), r"in \[0, 1\].*nan"),
        (np.zeros((1, 8, 8, 3), dtype=np.int64), "dtype int64"),
    ],
)
def test_wrong_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        figures.samples(images)
