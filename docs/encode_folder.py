"""Encodes a folder of images into a CSV of codes with TensorFlow alone.

    python encode_folder.py RUN/encoder PICTURES codes.csv

Neither keras_qlae nor Keras is imported. Images (PNG, JPEG, BMP, GIF) are
resized to what the encoder takes. A line of the CSV is an image: its name,
then the code of each latent.
"""

import csv
import sys
from pathlib import Path

import tensorflow as tf

BATCH_SIZE = 256
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}


def read_image(path, height, width, channels):
    """One image as uint8 of the wanted shape."""
    image = tf.io.decode_image(
        tf.io.read_file(str(path)), channels=channels, expand_animations=False
    )
    if image.shape[:2] != (height, width):
        image = tf.image.resize(image, (height, width), antialias=True)
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8)
    return image


def main(encoder, pictures, output):
    """Encodes every image of a folder and writes the CSV."""
    loaded = tf.saved_model.load(encoder)
    encode = loaded.signatures["encode_uint8"]
    _, height, width, channels = encode.structured_input_signature[1][
        "images"
    ].shape
    paths = sorted(
        p for p in Path(pictures).iterdir() if p.suffix.lower() in SUFFIXES
    )
    if not paths:
        sys.exit(f"No images ({', '.join(sorted(SUFFIXES))}) in {pictures}")
    with open(output, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for start in range(0, len(paths), BATCH_SIZE):
            batch = paths[start : start + BATCH_SIZE]
            images = [read_image(p, height, width, channels) for p in batch]
            codes = encode(images=tf.stack(images))["codes"].numpy()
            if start == 0:
                names = [f"latent_{i}" for i in range(codes.shape[1])]
                writer.writerow(["image", *names])
            for path, row in zip(batch, codes.tolist(), strict=True):
                writer.writerow([path.name, *row])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
