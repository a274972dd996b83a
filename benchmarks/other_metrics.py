"""Seconds that each metric takes on one core.

The factors are those of 10,000 images of room3d. The 12 latents are random sums
of some factors, with noise; as codes they have 10 values each.

    OMP_NUM_THREADS=1 python benchmarks/other_metrics.py
"""

import time

import numpy as np

from keras_qlae import datasets
from keras_qlae import metrics

NUM_SAMPLES, NUM_LATENTS, NUM_VALUES = 10_000, 12, 10
SCORES = (
    metrics.mig_score,
    metrics.modularity_score,
    metrics.irs_score,
    metrics.explicitness_score,
    metrics.sap_score,
    metrics.factor_vae_score,
    metrics.dci_scores,
    metrics.conditional_infomec,
    metrics.mcc_score,
    metrics.linear_r2_score,
    metrics.infomec,
)


def main() -> None:
    rng = np.random.default_rng(0)
    data = datasets.load("room3d", image_size=8)
    index = np.sort(rng.choice(len(data), NUM_SAMPLES, replace=False))
    factors = data.factors(index)
    shape = factors.shape[1], NUM_LATENTS
    weights = rng.normal(size=shape) * (rng.random(shape) < 0.3)
    latents = factors / np.array(data.factor_sizes) @ weights
    latents += 0.05 * rng.normal(size=latents.shape)
    unit = (latents - latents.min(0)) / np.ptp(latents, axis=0)
    codes = np.round((NUM_VALUES - 1) * unit).astype(int)
    for kind, values in (("codes", codes), ("continuous", latents)):
        for score in SCORES:
            start = time.process_time()
            score(factors, values)
            seconds = time.process_time() - start
            print(f"{kind:<10} {score.__name__:<20} {seconds:7.2f} s")
    # As `compare` computes it for five seeds, with latents of 2,000 images.
    seeds = [latents[:2000] @ rng.normal(size=(12, 12)) for _ in range(5)]
    for correlation in ("spearman", "lasso"):
        start = time.process_time()
        metrics.udr_scores(seeds, correlation=correlation)
        seconds = time.process_time() - start
        print(f"{'5 seeds':<10} {'udr, ' + correlation:<20} {seconds:7.2f} s")
    images = rng.integers(0, 256, (500, 32, 32, 3), np.uint8)
    start = time.process_time()
    metrics.ssim(images, images[::-1])
    seconds = (time.process_time() - start) * NUM_SAMPLES / len(images)
    print(f"{'images':<10} {'ssim, 32x32x3':<20} {seconds:7.2f} s")


if __name__ == "__main__":
    main()
