"""Decodes and resizes pictures, in the same way for all data sets."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from keras_qlae.files import check_ordinary

# Only these: some formats of Pillow start other programs (PostScript), and
# others are rarely used and tested.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm"),
)
MAX_PIXELS = 2**26  # 67 million: more than cameras have, 200 MB decoded
MAX_BYTES = 2**29


def read_image(
    source: Path | bytes,
    name: object,
    size: tuple[int, int] | None = None,
    grey: bool = False,
) -> np.ndarray:
    """Decodes a picture of one of `FORMATS`: uint8 `(height, width, channels)`.

    It has three channels, or one if `grey`. Its size is checked before it is
    decoded, since a small file may contain a picture that fills the memory. It
    must be `size`, `(height, width)`, or by default have up to `MAX_PIXELS`.
    Levels of 16 bits are scaled to 8. The message of a `ValueError` has the
    file and the reason.
    """
    from PIL import Image

    content = source if isinstance(source, bytes) else read_content(source)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _check_size(picture, size)
            decoded = _in_8_bits(picture).convert("L" if grey else "RGB")
    except Exception as error:
        # Pillow raises errors of a dozen kinds for damaged files.
        reason = str(error).partition("\n")[0][:200]
        if "cannot identify" in reason:
            reason = "none of these"
        raise ValueError(
            f"{name} must be an image without damage, in one of the formats "
            f"{', '.join(FORMATS)}. Received: {reason}"
        ) from error
    image = np.asarray(decoded)
    return image[..., None] if grey else image


def read_content(path: Path) -> bytes:
    """Reads the file of a picture, if it is ordinary and not too large."""
    check_ordinary(path)
    num_bytes = path.stat().st_size
    if num_bytes > MAX_BYTES:
        raise ValueError(
            f"{path} must be an image file of at most {MAX_BYTES:,} bytes. "
            f"Received: {num_bytes:,} bytes"
        )
    return path.read_bytes()


def _check_size(picture: Any, size: tuple[int, int] | None) -> None:
    width, height = picture.size
    if size is not None and (height, width) != size:
        raise ValueError(
            f"{height}x{width} pixels in place of {size[0]}x{size[1]}"
        )
    if height * width > MAX_PIXELS:
        raise ValueError(
            f"{height}x{width} pixels, more than the {MAX_PIXELS:,} that are "
            "decoded"
        )


def _in_8_bits(picture: Any) -> Any:
    """Scales grey levels of 16 bits, which Pillow would clip at 255.

    For colours Pillow itself uses the upper 8 bits. The range of 32 bits is not
    known.
    """
    from PIL import Image

    # Up to version 11 Pillow opens such PNG files with 32 bits a level.
    is_png = picture.mode == "I" and picture.format == "PNG"
    if picture.mode.startswith("I;16") or is_png:
        levels = np.asarray(picture).astype(np.float64) / 257  # 65535 -> 255
        return Image.fromarray(np.rint(levels).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError("levels of 32 bits; convert it to 8 or 16")
    return picture


def resize(images: np.ndarray, image_size: int) -> np.ndarray:
    """Resizes uint8 images to a square of `image_size`.

    Bicubic, antialiased, clipped, each level rounded once. Equals
    `tf.image.resize(method="bicubic", antialias=True)` and
    `jax.image.resize(method="cubic")`, clipped to the range of uint8.
    """
    from PIL import Image

    size = (image_size, image_size)
    num_images, height, width, channels = images.shape
    if (height, width) == size:
        return images
    resized = np.empty((num_images, *size, channels), np.uint8)
    for image, out in zip(images, resized, strict=True):
        for channel in range(channels):
            # In float: for bytes, Pillow would also round in between.
            picture = Image.fromarray(image[..., channel].astype(np.float32))
            levels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
            out[..., channel] = np.rint(levels.clip(0, 255))
    return resized
