"""InfoMEC of a model while it trains."""

import copy
import time
import weakref
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_qlae.metrics import InfoMECResult
from keras_qlae.metrics import infomec


class InfoMEC(keras.callbacks.Callback):
    """Scores held-out images at the end of epochs.

    Logs `val_infom`, `val_infoe`, `val_infoc` (in `[0, 1]`, higher is better)
    and `val_active_latents` for the progress bar, `History`, `CSVLogger`,
    `TensorBoard`, `EarlyStopping`, `ModelCheckpoint` (with `mode="max"`) and
    Keras Tuner. List it before callbacks that read its scores.

    With `every` above 1 the epochs between repeat the last scores, since most
    callbacks fail if a name is missing. A repeated score is not an
    improvement: multiply the `patience` of `EarlyStopping` by `every`.

    Args:
        data: What to score: a `keras_qlae.datasets.FactorDataset`, or
            `(images, factors)`, NumPy arrays of shapes
            `(n, height, width, channels)` and `(n, num_factors)`.
        num_samples: How many images to score, drawn once at random from
            `data` if it has more. The paper's number is `10_000`, the default.
        every: Epochs from one scoring to the next; the first epoch is always
            scored. Defaults to `1`.
        codes: Function `codes(model, images)` that returns the latents to
            score, `(n, num_latents)`: integers are scored as discrete, floats
            as continuous. Defaults to `model.codes(images)`.
        metrics: Further metrics: functions `metric(factors, latents)` that
            return a number, by name. Each is logged as `val_<name>`.
        active: Which latents count: see `keras_qlae.metrics.infomec`.
        seed: Integer, for the draw and the scores of continuous latents.

    Attributes:
        names: Names of what is logged.
        result: The last `keras_qlae.metrics.InfoMECResult`, or `None`.
        results: All of them by epoch, from 0.
        seconds: How long the last scoring took.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1))
        >>> factors = np.random.default_rng(1).integers(0, 3, (50, 2))
        >>> scores = InfoMEC((images, factors))
        >>> scores.num_samples
        50

    Raises:
        ValueError: No samples, no factors, images and factors of different
            lengths, `every` below 1, or a model without `codes`.

    Reference:
        "Disentanglement via Latent Quantization" (arXiv 2305.18378), section
        on InfoMEC.
    """

    names = ("val_infom", "val_infoe", "val_infoc", "val_active_latents")

    def __init__(
        self,
        data: Any,
        num_samples: int = 10_000,
        every: int = 1,
        *,
        codes: Callable[[Any, np.ndarray], Any] | None = None,
        metrics: Mapping[str, Callable[..., float]] | None = None,
        active: Any = "range",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if every < 1 or num_samples < 2:
            raise ValueError(
                "`every` must be at least 1 epoch, and `num_samples` at least "
                f"2. Received: every={every}, num_samples={num_samples}"
            )
        self.every = int(every)
        self.seed = seed
        self.active = active
        self.images, self.factors = _draw(data, num_samples, seed)
        self.result: InfoMECResult | None = None
        self.results: dict[int, InfoMECResult] = {}
        self.seconds = 0.0
        self.metrics = dict(metrics or {})
        self._codes = codes
        self._logs: dict[str, float] = {}
        self._owner: Any = None  # weak reference to the model of `_logs`
        self._is_restored = False

    @property
    def num_samples(self) -> int:
        """How many images are scored."""
        return len(self.images)

    @property
    def logs(self) -> dict[str, float]:
        """The last scores by the names under which they are logged."""
        return dict(self._logs)

    def restore(self, logs: dict[str, float]) -> None:
        """Restores the last scores of an earlier run, to be repeated.

        Args:
            logs: The `logs` of that run.
        """
        self._logs = dict(logs)
        self._is_restored = True

    def score(self, model: Any) -> InfoMECResult:
        """Scores a model now.

        Args:
            model: A model with `codes`, or one that the given function reads.

        Returns:
            The scores.
        """
        start = time.perf_counter()
        latents = np.asarray(self._latents_of(model))
        result = infomec(
            self.factors,
            latents,
            discrete=latents.dtype.kind in "biu",
            active=self.active,
            seed=self.seed,
        )
        self.seconds = time.perf_counter() - start
        self.result = result
        values = (result.infom, result.infoe, result.infoc, result.num_active)
        self._logs = dict(zip(self.names, map(float, values), strict=True))
        self._logs |= {
            f"val_{name}": float(metric(self.factors, latents))
            for name, metric in self.metrics.items()
        }
        return result

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # Scores of another model are not repeated.
        is_known = self._owner is not None and self._owner() is self.model
        if not is_known and not self._is_restored:
            self._logs = {}
            self.results = {}
        self._owner = weakref.ref(self.model)
        self._is_restored = False

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if not self._logs or (epoch + 1) % self.every == 0:
            self.results[epoch] = self.score(self.model)
        if logs is not None:
            logs.update(self._logs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "InfoMEC":
        """A copy that shares the images: Keras Tuner copies once per trial."""
        other = copy.copy(self)
        other.results = dict(self.results)
        other._logs = dict(self._logs)
        memo[id(self)] = other
        return other

    def _latents_of(self, model: Any) -> Any:
        if self._codes is not None:
            return self._codes(model, self.images)
        if not callable(getattr(model, "codes", None)):
            raise ValueError(
                "`InfoMEC` scores models that have a method `codes(images)`. "
                "For any other pass a function: `InfoMEC(data, codes=lambda "
                "model, images: ...)`. "
                f"Received: model of type {type(model).__name__}"
            )
        return model.codes(self.images)


def _draw(
    data: Any, num_samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The images and factors to score, as arrays."""
    rng = np.random.default_rng(seed)
    if hasattr(data, "factor_names") and hasattr(data, "images"):
        if not data.factor_names:
            raise ValueError(
                "InfoMEC scores latents against known factors, but `data` has "
                "no factors: remove the callback, or add factors to the data. "
                f"Received: {data!r}"
            )
        index = _positions(rng, len(data), num_samples)
        return data.images(index), data.factors(index)
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(
            "`data` must be a `FactorDataset`, or the two arrays (images, "
            f"factors). Received: data of type {type(data).__name__}"
        )
    images, factors = (np.asarray(part) for part in data)
    if len(images) != len(factors) or factors.ndim != 2:
        raise ValueError(
            "`data` must have one row of factors per image: (n, height, "
            "width, channels) and (n, num_factors). Received: images of shape "
            f"{images.shape}, factors of shape {factors.shape}"
        )
    index = _positions(rng, len(images), num_samples)
    return images[index], factors[index]


def _positions(
    rng: np.random.Generator, size: int, num_samples: int
) -> np.ndarray:
    if size < 2:
        raise ValueError(
            f"`data` must have at least 2 images to score. Received: {size}"
        )
    if size <= num_samples:
        return np.arange(size)
    return np.sort(rng.choice(size, num_samples, replace=False))
