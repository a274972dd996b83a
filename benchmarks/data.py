"""Images per second from a prepared data set and from TensorFlow Datasets.

Run `python benchmarks/data.py` (Linux), for another backend
`KERAS_BACKEND=jax python benchmarks/data.py`. Images of 64x64x3 are written
to a temporary folder in the layout of MPI3D. Keras' `fit` of a model that reads
every image and computes almost nothing then gets them from two pipelines:

- `prepared`: the images that `keras-qlae datasets prepare` has written;
- `tfds`: TensorFlow Datasets, with PNG decoded in every epoch, then
  `shuffle(100_000)`, `map`, `batch`, `prefetch`. Its cache for data sets below
  250 MiB is off, since no real data set is as small.

The pictures are those of room3d with noise of a standard deviation of half a
level. As PNG they have a third of their size, like the published images of
Falcor3D and Isaac3D (3.7 GB for 233,280 and 13.0 GB for 737,280 images of
128x128x3). Without noise (`--noise 0`), as in 3D Shapes, they have 11 % of
their size and are decoded faster.

Prints one line per epoch, with the private memory of the process after it. The
two pipelines alternate, so that other work on the machine slows both.
`--only prepared` runs only this pipeline, to measure its memory.
"""

import argparse
import dataclasses
import os
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_qlae import datasets
from keras_qlae.datasets import registry
from keras_qlae.datasets.store import open_store
from keras_qlae.datasets.tfds_builders import FileBuilder

BATCH = 128
IMAGE_BYTES = 64 * 64 * 3
PATHS = {}  # files that the builder reads


class Brightness(keras.Model):
    """Learns one number: the mean brightness of the images."""

    def __init__(self):
        super().__init__()
        self.guess = self.add_weight(shape=(), initializer="zeros")

    def call(self, images):
        return keras.ops.mean(images) - self.guess

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return keras.ops.square(y_pred)


class DataBenchmark(FileBuilder):
    """The same images for TensorFlow Datasets."""

    @property
    def part(self):
        return datasets.info("mpi3d")

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(PATHS["mpi3d"])}


def write_images(folder, num_horizontal, noise):
    """Writes noisy pictures of room3d in the layout of MPI3D."""
    info = datasets.info("mpi3d")
    sizes = (4, 4, 2, 3, 3, num_horizontal, 10)
    factors = dict(zip(info.factors, sizes, strict=True))
    registry._INFOS["mpi3d"] = dataclasses.replace(info, factors=factors)
    info = datasets.info("mpi3d")
    room = datasets.load("room3d")
    rng = np.random.default_rng(0)
    index = rng.choice(len(room), info.num_values, replace=False)
    path = open_store(info, folder).raw(info.files[0])
    path.parent.mkdir(parents=True)
    images = room.images(index)
    for image in images:  # one at a time: noise takes 8 times the memory
        levels = image + rng.normal(0, noise, image.shape)
        image[:] = np.rint(np.clip(levels, 0, 255))
    np.savez(path, images=images)
    PATHS["mpi3d"] = path


def prepared_way(folder):
    """The pipeline of this package."""
    datasets.prepare("mpi3d", folder, show_progress=False)
    dataset = datasets.load("mpi3d", data_dir=folder)
    return dataset.as_tf_dataset(BATCH, shuffle=True, with_factors=False)


def tfds_way(folder):
    """The pipeline of TensorFlow's tutorials."""
    builder = DataBenchmark(data_dir=folder)
    builder.download_and_prepare()
    share = builder.info.dataset_size / (
        builder.info.splits.total_num_examples * IMAGE_BYTES
    )
    print(f"PNG takes {share:.0%} of the pixels' size")
    dataset = builder.as_dataset(
        split="train",
        shuffle_files=True,
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    return (
        dataset.shuffle(100_000)
        .map(
            lambda example: tf.cast(example["image"], tf.float32) / 255.0,
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .batch(BATCH, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )


WAYS = {"prepared": prepared_way, "tfds": tfds_way}


def own_megabytes():
    """Private memory of the process, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1000
    return float("nan")


def main():
    """Prints a line per pipeline and epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument(
        "--thousands", type=int, default=20, help="of images, about"
    )
    parser.add_argument(
        "--noise", type=float, default=0.5, help="levels of 255"
    )
    parser.add_argument("--only", choices=WAYS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    tfds.disable_progress_bar()
    names = [arguments.only] if arguments.only else list(WAYS)
    rates = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        num_horizontal = max(1, round(arguments.thousands / 2.88))
        write_images(folder, num_horizontal, arguments.noise)
        ways = {name: WAYS[name](folder) for name in names}
        model = Brightness()
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        images = datasets.info("mpi3d").num_values // BATCH * BATCH
        print(f"{images} images an epoch, {keras.backend.backend()} backend")
        print("way       epoch  images/s  own MB")
        for epoch in range(arguments.epochs):
            for way, batches in ways.items():
                begin = time.perf_counter()
                model.fit(batches, shuffle=False, verbose=0)
                rate = images / (time.perf_counter() - begin)
                rates[way].append(rate)
                print(
                    f"{way:9} {epoch:5d} {rate:9,.0f} {own_megabytes():7,.0f}",
                    flush=True,
                )
    # The first epoch also traces the graphs.
    medians = {n: np.median(rate[1:] or rate) for n, rate in rates.items()}
    print("median:", {n: round(float(m)) for n, m in medians.items()})
    if not arguments.only:
        print(f"prepared / tfds: {medians['prepared'] / medians['tfds']:.1f}")


if __name__ == "__main__":
    main()
