"""PSNR and SSIM against computations that share no code with them."""

import numpy as np
import pytest

from keras_qlae import metrics

pytestmark = pytest.mark.backend_free


def textured(shape, seed):
    """Colour gradients, stripes and noise, in [0, 1]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape[1:3])[..., None] / max(shape[1:3])
    stripes = np.sin(20 * rows * rng.uniform(size=shape[3]) + 9 * columns)
    images = 0.4 + 0.3 * rows * columns + 0.15 * stripes
    return np.clip(images + rng.normal(scale=0.1, size=shape), 0, 1)


def loop_ssim(one, other, size):
    """The definition of Wang et al. (2004), a window at a time."""
    offsets = np.arange(size) - size // 2
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = 0.01**2, 0.03**2
    values = []
    height, width, channels = one.shape
    for row in range(height - size + 1):
        for column in range(width - size + 1):
            for channel in range(channels):
                place = np.s_[row : row + size, column : column + size, channel]
                x, y = one[place], other[place]
                mean_x, mean_y = np.sum(weights * x), np.sum(weights * y)
                var_x = np.sum(weights * (x - mean_x) ** 2)
                var_y = np.sum(weights * (y - mean_y) ** 2)
                covariance = np.sum(weights * (x - mean_x) * (y - mean_y))
                values.append(
                    (2 * mean_x * mean_y + c1)
                    * (2 * covariance + c2)
                    / (mean_x**2 + mean_y**2 + c1)
                    / (var_x + var_y + c2)
                )
    return np.mean(values)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((2, 14, 17, 3), 11),
        ((2, 11, 12, 1), 11),
        ((2, 8, 12, 3), 7),  # the largest odd window that fits
        ((2, 1, 4, 2), 1),
    ],
)
def test_ssim_is_that_of_its_definition(shape, size):
    images = textured(shape, 0)
    rebuilt = np.clip(0.7 * images + 0.3 * textured(shape, 1), 0, 1)
    expected = [
        loop_ssim(one, other, size)
        for one, other in zip(images, rebuilt, strict=True)
    ]
    np.testing.assert_allclose(metrics.ssim(images, rebuilt), expected)
    assert 0.2 < min(expected) < max(expected) < 0.999


def test_ssim_of_a_negative_is_negative():
    images = textured((1, 16, 16, 3), 0)
    negative = images.mean() - (images - images.mean())
    negative = np.clip(negative, 0, 1)
    expected = loop_ssim(images[0], negative[0], 11)
    assert metrics.ssim(images, negative)[0] == pytest.approx(expected)
    assert expected < 0


def test_psnr_is_the_mean_square_error_in_decibels():
    images, rebuilt = textured((2, 5, 6, 3), 0), textured((2, 5, 6, 3), 1)
    errors = [
        sum((a - b) ** 2 for a, b in zip(x.ravel(), y.ravel(), strict=True))
        / x.size
        for x, y in zip(images, rebuilt, strict=True)
    ]
    expected = [10 * np.log10(1 / error) for error in errors]
    np.testing.assert_allclose(metrics.psnr(images, rebuilt), expected)


@pytest.mark.parametrize("score", [metrics.psnr, metrics.ssim])
@pytest.mark.parametrize(
    ("images", "rebuilt", "message"),
    [
        (np.zeros((4, 4, 3)), np.zeros((4, 4, 3)), "must both have the shape"),
        (
            np.zeros((2, 4, 4, 1)),
            np.zeros((1, 4, 4, 1)),
            r"images\.shape=\(2, 4, 4, 1\), reconstructions\.shape=\(1,",
        ),
        (
            np.zeros((0, 4, 4, 1)),
            np.zeros((0, 4, 4, 1)),
            r"no axis of length 0.*\(0, 4, 4, 1\)",
        ),
        (
            np.full((1, 4, 4, 1), 1.5),
            np.zeros((1, 4, 4, 1)),
            "`images` must be .* floats in .*from 1.5 to 1.5",
        ),
        (
            np.zeros((1, 4, 4, 1)),
            np.full((1, 4, 4, 1), np.nan),
            "`reconstructions` must be .* without NaN",
        ),
        (
            np.full((1, 4, 4, 1), 256),
            np.zeros((1, 4, 4, 1)),
            r"`images` must be integers in \[0, 255\].*int64",
        ),
    ],
)
def test_other_images_are_refused(score, images, rebuilt, message):
    with pytest.raises(ValueError, match=message):
        score(images, rebuilt)
