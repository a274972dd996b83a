"""Images of room3d per second on one core.

Run `python benchmarks/room3d.py` (Linux), for another backend
`KERAS_BACKEND=jax python benchmarks/room3d.py`. The whole process, model and
pipeline, is limited to one core. Three cases are measured, each for some
seconds after a warm-up:

- `images`: `dataset.images(index)`, NumPy, uint8;
- `pipeline`: `as_tf_dataset(shuffle=True, repeat=True)`, float32;
- `fit`: the same with Keras' `fit` of a model that reads every image and
  computes almost nothing.

On a busy machine use `--cpu-time`: it measures the processor time of the
process instead of the wall time.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Before any framework counts the cores and starts its threads.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import keras  # noqa: E402
import numpy as np  # noqa: E402

from keras_qlae import datasets  # noqa: E402

clock = time.perf_counter


def rate(step, images_per_step, seconds):
    """Calls `step` for some seconds; returns images per second."""
    step()
    begin = clock()
    steps = 0
    while clock() - begin < seconds:
        step()
        steps += 1
    return steps * images_per_step / (clock() - begin)


def measure_images(dataset, batch_size, seconds):
    """Measures `dataset.images`."""
    rng = np.random.default_rng(0)
    index = rng.integers(0, len(dataset), (100, batch_size))
    rows = iter(np.tile(index, (10_000, 1)))
    return rate(lambda: dataset.images(next(rows)), batch_size, seconds)


def measure_pipeline(dataset, batch_size, seconds):
    """Measures the `tf.data` pipeline alone."""
    batches = dataset.as_tf_dataset(batch_size, shuffle=True, repeat=True)
    iterator = iter(batches)
    return rate(lambda: next(iterator), batch_size, seconds)


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


def measure_fit(dataset, batch_size, seconds):
    """Measures the pipeline into `fit`."""
    batches = dataset.as_tf_dataset(
        batch_size, shuffle=True, repeat=True, with_factors=False
    )
    model = Brightness()
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    steps = max(1, 20_000 // batch_size)

    def epoch():
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    return rate(epoch, steps * batch_size, seconds)


WAYS = {
    "images": measure_images,
    "pipeline": measure_pipeline,
    "fit": measure_fit,
}


def main():
    """Prints a row for each image size and batch size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--cpu-time", action="store_true")
    arguments = parser.parse_args()
    if arguments.cpu_time:
        global clock
        clock = time.process_time
    print(
        f"room3d on one core, {keras.backend.backend()} backend: "
        f"images a second{' of CPU time' if arguments.cpu_time else ''}"
    )
    print("size  batch " + "".join(f"{way:>12}" for way in WAYS))
    for size in arguments.sizes:
        dataset, _ = datasets.load("room3d", image_size=size).split()
        for batch_size in arguments.batches:
            rates = [
                measure(dataset, batch_size, arguments.seconds)
                for measure in WAYS.values()
            ]
            columns = "".join(f"{value:12,.0f}" for value in rates)
            print(f"{size:4d}  {batch_size:5d} {columns}", flush=True)


if __name__ == "__main__":
    main()
