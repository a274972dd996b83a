"""Step time, input stall and TensorFlow's GPU memory of a recipe.

    python benchmarks/gpu.py [--recipe qlae-paper] [--backends jax torch]

Prints for each backend: milliseconds per step of `fit` on the tf.data pipeline;
the same on one fixed batch; their difference, the input stall; and the GPU
memory that TensorFlow holds, which must be 0 on JAX and PyTorch. Without a GPU
it runs on the CPU and prints this.
"""

import argparse
import json
import os
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="qlae")
    parser.add_argument(
        "--backends", nargs="+", default=["tensorflow", "jax", "torch"]
    )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options)))
        return
    for backend in options.backends:
        row = run_child(backend)
        print(f"{backend} on {row['device']}:")
        print(f"  step in fit        {row['fit']:8.2f} ms")
        print(f"  step, fixed batch  {row['fixed']:8.2f} ms")
        print(f"  input stall        {row['fit'] - row['fixed']:8.2f} ms")
        print(f"  GPUs TensorFlow sees {row['tensorflow_gpus']:6}")
        print(f"  TensorFlow's GPU memory {row['tensorflow_bytes']:,} bytes")
        if backend != "tensorflow" and row["tensorflow_gpus"]:
            sys.exit("TensorFlow must see no GPU beside another backend.")


def run_child(backend):
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    command = [sys.executable, __file__, "--child", *sys.argv[1:]]
    result = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(result.stdout.splitlines()[-1])


def measure(options):
    import keras

    from keras_qlae import datasets
    from keras_qlae import recipes

    recipe = recipes.get(options.recipe)
    data = datasets.load("room3d", image_size=recipe.training.image_size)
    model = recipes.compiled_model(
        recipe, data.image_shape, 6, precision=options.precision
    )
    batches = data.as_tf_dataset(
        recipe.training.batch_size,
        shuffle=True,
        repeat=True,
        with_factors=False,
    )
    fixed = batches.take(1).cache().repeat()
    return {
        "device": device(keras.backend.backend()),
        "fit": timed(model, batches, options),
        "fixed": timed(model, fixed, options),
        "tensorflow_gpus": len(visible_gpus()),
        "tensorflow_bytes": tensorflow_gpu_bytes(),
    }


def timed(model, batches, options):
    """Milliseconds per step: the least of all repeats but the first."""
    times = []
    for _ in range(options.repeats + 1):
        start = time.perf_counter()
        model.fit(batches, steps_per_epoch=options.steps, verbose=0)
        times.append(time.perf_counter() - start)
    return 1000 * min(times[1:]) / options.steps


def device(backend):
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
        return "cpu"
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details
    return details(gpus[0])["device_name"] if gpus else "cpu"


def visible_gpus():
    import tensorflow as tf

    return tf.config.get_visible_devices("GPU")


def tensorflow_gpu_bytes():
    """The memory that TensorFlow holds on all GPUs that it sees."""
    import tensorflow as tf

    return sum(
        tf.config.experimental.get_memory_info(f"GPU:{i}")["peak"]
        for i in range(len(visible_gpus()))
    )


if __name__ == "__main__":
    main()
