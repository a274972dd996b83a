"""Time and memory of folders with many images.

Run `python benchmarks/many_images.py` (Linux). It makes 10,000, 100,000 and
1,000,000 PNG files of 100 bytes to 1 kB in a temporary folder (4 GB of disk),
images of 16x16 pixels in folders of 1,000, or with `--packed` in ten ZIP
archives, and prints a line of CSV for each:

- `listing`: seconds to find the images, and the peak memory of the process in
  MB, with NumPy and Keras imported;
- `first load`: seconds of `from_folder`, which decodes all images;
- `later load`: the same in a new process;
- `first batch`: seconds until the first batch of `as_tf_dataset`, shuffled,
  including the import of TensorFlow;
- `memory`: peak memory of the process that decodes and makes batches, in MB;
  `file` is the part of mapped files, which the system frees when other
  programs need memory;
- `cold`, `warm`: milliseconds per batch of 128 images at random positions of
  the decoded file, when none of it is in memory, and when all of it is.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

BATCH = 128
NUM_BATCHES = 50


def make(folder, number, packed):
    """Writes PNG files; with more noise they are larger."""
    from PIL import Image

    rng = np.random.default_rng(0)
    contents = []
    for share in np.linspace(0.05, 1, 500):
        image = np.zeros((16, 16, 3), np.uint8)
        noisy = rng.random((16, 16)) < share
        image[noisy] = rng.integers(0, 256, (noisy.sum(), 3))
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        contents.append(file.getvalue())
    sizes = [len(content) for content in contents]
    if min(sizes) < 100 or max(sizes) > 1000:
        raise ValueError(f"files of {min(sizes)} to {max(sizes)} bytes")
    if packed:
        folder.mkdir()
        for start in range(0, number, number // 10):
            path = folder / f"{start:07d}.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for i in range(start, start + number // 10):
                    archive.writestr(
                        f"{i:07d}.png", contents[i % len(contents)]
                    )
        return
    for start in range(0, number, 1000):
        place = folder / f"{start:07d}"
        place.mkdir(parents=True)
        for i in range(start, start + 1000):
            (place / f"{i:07d}.png").write_bytes(contents[i % len(contents)])


def memory(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(kind)]
    return int(line.split()[1]) / 1000


def forget(path):
    """Removes a file from the system's page cache."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def listing(folder):
    from keras_qlae.datasets import folder_dataset

    _, seconds = timed(folder_dataset._image_files, folder)
    return {"listing": seconds, "listing, MB": memory("VmHWM")}


def first_load(folder):
    from keras_qlae import datasets

    data, seconds = timed(datasets.from_folder, folder)
    batches, begin = timed(
        lambda: iter(data.as_tf_dataset(BATCH, shuffle=True, repeat=True))
    )
    _, first = timed(next, batches)
    for _ in range(NUM_BATCHES):
        next(batches)
    return {
        "first load": seconds,
        "first batch": begin + first,
        "memory, MB": memory("VmHWM"),
        "file, MB": memory("RssFile"),
    }


def later_load(folder):
    from keras_qlae import datasets

    data, seconds = timed(datasets.from_folder, folder)
    rng = np.random.default_rng(0)
    parts = rng.integers(0, len(data), (NUM_BATCHES, BATCH))
    read = {}
    if hasattr(data, "_path"):  # in a file
        forget(data._path)
        data = datasets.from_folder(folder)
        for name in ("cold", "warm"):
            _, read[name] = timed(lambda: [data.images(p) for p in parts])
    return {
        "later load": seconds,
        **{n: 1000 * s / NUM_BATCHES for n, s in read.items()},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--numbers", default="10000,100000,1000000")
    parser.add_argument("--packed", action="store_true")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        function, folder = arguments.part
        print(json.dumps(globals()[function](Path(folder))))
        return
    columns = (
        *("images", "listing", "listing, MB", "first load", "later load"),
        *("first batch", "memory, MB", "file, MB", "cold", "warm"),
    )
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for number in map(int, arguments.numbers.split(",")):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "images")
            make(folder, number, arguments.packed)
            row = {"images": number}
            for part in ("listing", "first_load", "later_load"):
                result = subprocess.run(
                    [sys.executable, __file__, "--part", part, folder],
                    env=os.environ | {"KERAS_QLAE_DATA_DIR": place},
                    stdout=subprocess.PIPE,
                    check=True,
                )
                row |= json.loads(result.stdout.splitlines()[-1])
            writer.writerow(
                {k: v if k == "images" else f"{v:.4g}" for k, v in row.items()}
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
