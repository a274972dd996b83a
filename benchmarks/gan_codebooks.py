"""Measures what moves the codebooks of a GAN, and collects how they moved.

    python benchmarks/gan_codebooks.py 1=runs/before 0.03=runs/after

For runs of `ql-info-wgan-gp` by the rate of their codebooks. It writes
`results/gan_codebooks.csv`, the codebooks after each epoch, and
`results/gan_gradients.csv`: for 2,048 drawn codes, how strongly each term of
the generator's loss moves the values away from the mean of their codebook.
Positive is outwards, negative is inwards. TensorFlow only.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from keras_qlae.files import write_csv

RESULTS = Path(__file__).parent / "results"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RATE=RUN")
    values, moved = [], []
    for each in parser.parse_args().runs:
        rate, _, run = each.partition("=")
        values += [{"rate": rate, **row} for row in codebooks(Path(run))]
        moved += [{"rate": rate, **row} for row in gradients(Path(run))]
    write_csv(RESULTS / "gan_codebooks.csv", values)
    write_csv(RESULTS / "gan_gradients.csv", moved)


def codebooks(run):
    """One row per epoch and latent."""
    tables = np.array(json.loads((run / "codebooks.json").read_text()))
    for epoch, latent in np.ndindex(tables.shape[:2]):
        cells = {
            f"{i}": f"{v:.4f}" for i, v in enumerate(tables[epoch, latent])
        }
        yield {"epoch": epoch, "latent": latent, **cells}


def gradients(run):
    """One row per term of the loss, for the model at the end of the run."""
    import keras
    import tensorflow as tf

    import keras_qlae.models  # noqa: F401 - registers the classes

    model = keras.saving.load_model(run / "model.keras", compile=False)
    latent = model.latent
    codes = latent.sample_codes(2048, seed=1)
    stop = tf.stop_gradient

    def encoded(z):
        images = model._generate(z, training=True)
        return model._encode_and_judge(images, training=True)

    def terms():
        z = latent.values(codes)
        fixed = latent.compute(encoded(stop(z))[0])
        moving, judged = encoded(z)
        recovered = latent.compute(moving).outputs
        weight = model.latent_weight
        return {
            "latent loss, by its target": weight * square(fixed.outputs - z),
            "latent loss, by the image": weight * square(recovered - stop(z)),
            "quantization loss": latent.quantization_weight
            * tf.reduce_mean(fixed.losses["quantization_loss"]),
            "critic": -model.value_weight * tf.reduce_mean(judged),
        }

    def square(difference):
        return tf.reduce_mean(tf.square(difference))

    with tf.GradientTape(persistent=True) as tape:
        found = terms()
    table = keras.ops.convert_to_numpy(latent.codebook)
    outwards = np.sign(table - table.mean(1, keepdims=True))
    recovered = latent.compute(encoded(latent.values(codes))[0]).codes
    errors = np.abs(np.array(recovered) - np.array(codes))
    for name, loss in found.items():
        gradient = tape.gradient(loss, latent.codebook.value)
        step = -np.array(tf.convert_to_tensor(gradient))
        yield {
            "term": name,
            "loss": f"{float(loss):.4f}",
            "outwards": f"{(step * outwards).mean():+.5f}",
            "codes recovered": f"{np.mean(errors == 0):.2f}",
            "or a neighbour": f"{np.mean(errors <= 1):.2f}",
        }


if __name__ == "__main__":
    main()
