"""Times `infomec` against a straightforward computation in scikit-learn.

python benchmarks/infomec.py

10,000 samples of six factors (with 10, 10, 10, 8, 4 and 15 values) and twelve
latents that are noisy functions of them. The straightforward computation is
that of the paper: `mutual_info_score` or `mutual_info_classif` for each pair,
and for each factor one `LogisticRegression` on all latents and one on constant
features. Both run alternately in this process; the table has the fastest run of
each.

With `--optimizers` it times only the fits of InfoE: `metrics/lbfgs.py`, which
fits all factors together, against `scipy.optimize` for one factor at a time.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.metrics import mutual_info_score
from sklearn.preprocessing import OneHotEncoder
from sklearn.preprocessing import StandardScaler

from keras_qlae.metrics import infoc_score
from keras_qlae.metrics import infom_score
from keras_qlae.metrics import infomec
from keras_qlae.metrics import softmax_regression
from keras_qlae.metrics.features import one_hot_features
from keras_qlae.metrics.features import whitened_features
from keras_qlae.metrics.labels import columns_to_labels
from keras_qlae.metrics.standardize import standardize
from keras_qlae.metrics.threads import own_threads

FACTOR_SIZES = (10, 10, 10, 8, 4, 15)
NUM_LATENTS = 12
NUM_VALUES = 10


def sample_continuous(rng, num_samples):
    """Each factor has a clean latent, and one mixed with another factor."""
    sizes = np.array(FACTOR_SIZES)
    factors = rng.integers(0, sizes, (num_samples, len(sizes)))
    clean = factors / (sizes - 1)
    mixed = clean + 0.5 * np.roll(clean, 1, axis=1) ** 2
    latents = np.concatenate([clean, mixed], axis=1)
    return factors, latents + rng.normal(0, 0.06, latents.shape)


def sample_discrete(rng, num_samples):
    """Bins of the continuous latents, renumbered; 5 % are random."""
    factors, latents = sample_continuous(rng, num_samples)
    low, high = latents.min(axis=0), latents.max(axis=0)
    bins = np.floor((latents - low) / (high - low) * NUM_VALUES)
    codes = bins.clip(0, NUM_VALUES - 1).astype(int)
    names = rng.permuted(
        np.tile(np.arange(NUM_VALUES), (NUM_LATENTS, 1)), axis=1
    )
    codes = names[np.arange(NUM_LATENTS), codes]
    is_random = rng.random(codes.shape) < 0.05
    return factors, np.where(
        is_random, rng.integers(0, NUM_VALUES, codes.shape), codes
    )


def scikit_learn_nmi(factors, latents, is_discrete):
    """Normalised mutual information, one pair at a time."""
    nmi = np.empty((factors.shape[1], latents.shape[1]))
    for i, factor in enumerate(factors.T):
        entropy = mutual_info_score(factor, factor)
        for j, latent in enumerate(latents.T):
            if is_discrete:
                shared = mutual_info_score(factor, latent)
            else:
                shared = mutual_info_classif(
                    latent[:, None],
                    factor,
                    discrete_features=False,
                    n_neighbors=10,
                    random_state=0,
                )[0]
            nmi[i, j] = shared / entropy
    return nmi


def scikit_learn_cross_entropy(columns, factor):
    """Cross-entropy of a balanced, unpenalised logistic regression."""
    model = LogisticRegression(
        C=np.inf, class_weight="balanced", max_iter=100
    ).fit(columns, factor)
    return log_loss(factor, model.predict_proba(columns))


def scikit_learn_infomec(factors, latents, is_discrete):
    """The scores as the paper computes them."""
    scaler = OneHotEncoder() if is_discrete else StandardScaler()
    columns = scaler.fit_transform(latents)
    nothing = np.zeros(latents.shape)
    scores = []
    for factor in factors.T:
        null = scikit_learn_cross_entropy(nothing, factor)
        scores.append(1 - scikit_learn_cross_entropy(columns, factor) / null)
    nmi = scikit_learn_nmi(factors, latents, is_discrete)
    return {
        "nmi": nmi,
        "infom": infom_score(nmi),
        "infoe": float(np.mean(scores)),
        "infoc": infoc_score(nmi),
    }


def ours(factors, latents, is_discrete):
    """The scores as this package computes them."""
    result = infomec(factors, latents, is_discrete)
    return {**result.to_dict(), "nmi": result.nmi}


def timed(function, arguments):
    """Returns the seconds of a call, and its result."""
    started = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - started, result


def compare(kind, sample, num_samples, repeats):
    """Prints one line of the table."""
    factors, latents = sample(np.random.default_rng(0), num_samples)
    arguments = (factors, latents, kind == "discrete")
    theirs_s = ours_s = np.inf
    for _ in range(repeats):
        seconds, theirs = timed(scikit_learn_infomec, arguments)
        theirs_s = min(theirs_s, seconds)
        seconds, mine = timed(ours, arguments)
        ours_s = min(ours_s, seconds)
    differences = " | ".join(
        f"{np.max(np.abs(np.subtract(mine[name], theirs[name]))):.1e}"
        for name in ("nmi", "infom", "infoe", "infoc")
    )
    print(
        f"| {kind} | {theirs_s:.2f} s | {ours_s:.3f} s "
        f"| {theirs_s / ours_s:.1f} | {differences} |",
        flush=True,
    )


def scipy_cross_entropies(features, targets, executor, ftol):
    """The result of `balanced_cross_entropies`, by `scipy.optimize`."""
    cross_entropies = []
    for target in targets:
        losses = softmax_regression._BalancedLosses(
            features, [target], executor
        )
        shape = target.num_values, features.num_features
        # The scale at which the first step is Newton's.
        scale = np.sqrt(target.num_values)

        def objective(x, losses=losses, shape=shape, scale=scale):
            values, gradient = losses(
                scale * x.reshape(shape), np.array([True])
            )
            return values.sum(), scale * gradient.ravel()

        found = minimize(
            objective,
            np.zeros(shape).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"ftol": ftol, "gtol": 1e-9, "maxiter": 300},
        )
        coefficients = scale * found.x.reshape(shape)
        cross_entropies.append(losses.unweighted(coefficients)[0])
    return np.array(cross_entropies)


def compare_optimizers(kind, sample, num_samples, repeats):
    """Prints a line for each optimizer, with the error of the score."""
    factors, latents = sample(np.random.default_rng(0), num_samples)
    targets = columns_to_labels(factors)
    maximum = np.log([target.num_values for target in targets])

    def score(cross_entropies):
        return np.mean(1 - cross_entropies / maximum)

    with own_threads() as executor:
        features = (
            one_hot_features(columns_to_labels(latents))
            if kind == "discrete"
            else whitened_features(standardize(latents))
        )
        arguments = features, targets, executor
        converged = score(scipy_cross_entropies(*arguments, 1e-14))
        fits = {
            "metrics/lbfgs.py": softmax_regression.balanced_cross_entropies,
            "scipy, ftol=1e-6": partial(scipy_cross_entropies, ftol=1e-6),
            "scipy, ftol=2e-6": partial(scipy_cross_entropies, ftol=2e-6),
        }
        seconds = dict.fromkeys(fits, np.inf)
        errors = {}
        for _ in range(repeats):
            for name, fit in fits.items():
                taken, found = timed(fit, arguments)
                seconds[name] = min(seconds[name], taken)
                errors[name] = abs(score(found) - converged)
    for name in fits:
        print(
            f"| {kind} | {name} | {seconds[name]:.3f} s | {errors[name]:.0e} |"
        )


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--num-samples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--optimizers", action="store_true")
    options = parser.parse_args()
    # Stopping after 100 iterations is what the paper does.
    warnings.simplefilter("ignore", ConvergenceWarning)
    if options.optimizers:
        print("| latents | fits of InfoE | time | error of the score |")
        print("| --- | --- | --- | --- |")
        run = compare_optimizers
    else:
        print("| latents | scikit-learn | infomec | ratio | NMI | M | E | C |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        run = compare
    for kind, sample in (
        ("discrete", sample_discrete),
        ("continuous", sample_continuous),
    ):
        run(kind, sample, options.num_samples, options.repeats)


if __name__ == "__main__":
    main()
