"""Encodes a folder of images into a CSV of codes with TensorFlow alone.

    python encode_folder.py RUN/encoder PICTURES codes.csv

Neither keras_qlae nor Keras is imported. Images are PNG, JPEG, GIF or BMP
files (a BMP of 8 bits is treated as grey). They are resized to the size that
the encoder takes, as in training, and converted to grey or colour as it
requires. Each line of the CSV has the name of an image and the code of each
latent. The CSV is written completely or not at all.
"""

import csv
import os
import sys
from pathlib import Path

# TensorFlow writes notes on the machine to standard error when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
stderr = os.dup(2)
with open(os.devnull, "w") as nothing:
    os.dup2(nothing.fileno(), 2)
try:
    import tensorflow as tf
finally:
    os.dup2(stderr, 2)
    os.close(stderr)

BATCH_SIZE = 256
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}
GREY = [[19595], [38470], [7471]]  # of 65536: as Pillow weighs red, green, blue


def with_channels(image, channels):
    """The image without its alpha channel, grey or in colour."""
    image = image[..., : 1 if image.shape[-1] < 3 else 3]
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return tf.repeat(image, 3, axis=-1)
    grey = (tf.cast(image, tf.int32) @ GREY + 32768) // 65536
    return tf.cast(grey, tf.uint8)


def read_image(path, height, width, channels):
    """One image as uint8, of the required shape."""
    content = tf.io.read_file(str(path))
    if tf.io.is_jpeg(content):  # exactly as Pillow does
        image = tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE")
    else:
        image = tf.io.decode_image(content, expand_animations=False)
    # TensorFlow converts the channels of some formats only.
    image = with_channels(image, channels)
    if image.shape[:2] != (height, width):
        image = tf.image.resize(
            image, (height, width), method="bicubic", antialias=True
        )
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8)
    return image


def encoded(encode, paths):
    """Yields the lines of the CSV."""
    _, height, width, channels = encode.structured_input_signature[1][
        "images"
    ].shape
    for start in range(0, len(paths), BATCH_SIZE):
        batch = paths[start : start + BATCH_SIZE]
        images = [read_image(p, height, width, channels) for p in batch]
        codes = encode(images=tf.stack(images))["codes"].numpy()
        if start == 0:
            yield ["image", *(f"latent_{i}" for i in range(codes.shape[1]))]
        for path, row in zip(batch, codes.tolist(), strict=True):
            yield [path.name, *row]


def main(encoder, pictures, output):
    """Encodes every image of a folder and writes the CSV."""
    for path in (encoder, pictures):
        if not Path(path).is_dir():
            sys.exit(f"There is no folder {path}")
    loaded = tf.saved_model.load(encoder)
    paths = sorted(
        p for p in Path(pictures).iterdir() if p.suffix.lower() in SUFFIXES
    )
    if not paths:
        sys.exit(f"No images ({', '.join(sorted(SUFFIXES))}) in {pictures}")
    partial = Path(f"{output}.partial")
    try:
        with partial.open("w", newline="", encoding="utf-8") as file:
            lines = encoded(loaded.signatures["encode_uint8"], paths)
            csv.writer(file).writerows(lines)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
