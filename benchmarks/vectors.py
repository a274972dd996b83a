"""Scores how well recipes separate mixed independent sources.

Four sources, uniform on [-1, 1], are mixed to 20,000 vectors of 10 numbers: by
a random matrix (linear), or by the matrix and tanh (bent), with noise of a
hundredth of the standard deviation. There is one factor per source: the eighth
of its range in which the source is. Models are trained on all but 5,000
vectors, which are scored.

    OMP_NUM_THREADS=1 KERAS_BACKEND=jax python benchmarks/vectors.py
"""

import csv
import sys

import numpy as np

from keras_qlae import datasets
from keras_qlae import recipes
from keras_qlae.datasets.moments import moments_of
from keras_qlae.metrics import infomec
from keras_qlae.runs.rotation import fit_ica

SEEDS = range(5)
NUM_SOURCES, WIDTH, NUM_VECTORS, NUM_SCORED = 4, 10, 20_000, 5_000
MODELS = (
    ("qlae-vectors", {"num_latents": 4}),
    ("qlae-vectors", {"num_latents": 8}),
    ("qlae-vectors", {"num_latents": 4, "weight_decay": 0.1}),
    ("ae-vectors", {"num_latents": 4}),
    ("ae-vectors", {"num_latents": 8}),
    ("ae-vectors", {"num_latents": 4, "dense_units": []}),
)


def vectors_and_factors(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns mixed sources, and the eighths in which they are."""
    rng = np.random.default_rng(seed)
    sources = rng.uniform(-1, 1, (NUM_VECTORS, NUM_SOURCES))
    mixed = sources @ rng.normal(size=(NUM_SOURCES, WIDTH))
    mixed /= mixed.std()
    if kind == "bent":
        mixed = np.tanh(0.8 * mixed) + 0.3 * mixed
    mixed += 0.01 * rng.normal(size=mixed.shape)
    return mixed, np.floor(4 * sources + 4).astype(int)


def main() -> None:
    writer = csv.writer(sys.stdout)
    head = ("data", "model", "settings", "seed", "InfoM", "InfoE", "InfoC")
    writer.writerow((*head, "rebuilt"))
    for seed in SEEDS:
        for kind in ("linear", "bent"):
            data = datasets.from_arrays(*vectors_and_factors(kind, seed))
            train, held_out = data.split(NUM_SCORED)
            for name, settings in MODELS:
                for row in scores(train, held_out, name, settings, seed):
                    writer.writerow((kind, *row))
                    sys.stdout.flush()


def scores(train, held_out, name, settings, seed):
    recipe = recipes.get(name, **settings)
    model = recipes.compiled_model(
        recipe,
        train.image_shape,
        NUM_SOURCES,
        seed,
        moments=moments_of(train),
    )
    batches = train.as_tf_dataset(
        recipe.training.batch_size,
        shuffle=True,
        repeat=True,
        seed=seed,
        with_factors=False,
    )
    steps = recipe.training.steps
    model.fit(batches, steps_per_epoch=steps, verbose=0)
    scored = held_out.images(range(NUM_SCORED))
    factors = held_out.factors(range(NUM_SCORED))
    codes = model.codes(scored)
    found = [(name, codes, model.latent.is_discrete)]
    if name == "ae-vectors":
        rotation = fit_ica(model.codes(train.images(range(10_000))), seed)
        found.append((f"{name}-ica", rotation(codes), False))
    for model_name, latents, is_discrete in found:
        result = infomec(factors, latents, discrete=is_discrete)
        numbers = (result.infom, result.infoe, result.infoc)
        numbers = (*numbers, model.reconstruction_r2(scored))
        shown = " ".join(f"{k}={v}" for k, v in settings.items())
        yield model_name, shown, seed, *(f"{n:.3f}" for n in numbers)


if __name__ == "__main__":
    main()
