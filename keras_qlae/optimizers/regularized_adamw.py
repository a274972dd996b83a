"""The optimizer of the paper's code."""

import fnmatch
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_qlae import backend

_CODEBOOKS = ("codebook*", "embeddings*")
UNREGULARIZED = ("bias", "beta", *_CODEBOOKS)


@keras.saving.register_keras_serializable(package="keras_qlae")
class RegularizedAdamW(backend.AdamWStep, keras.optimizers.Optimizer):
    """AdamW that decays and clips the weights only.

    Gradients of regularized variables (kernels, normalization scales, input
    maps) are clipped element-wise to `[-clip, clip]`, and each step subtracts
    `learning_rate * weight_decay * variable`. Unregularized variables
    (biases, codebooks) follow plain Adam: with weight decay a codebook would
    shrink to zero. For both:

        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g**2
        step = learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    with `m_hat`, `v_hat` bias-corrected *before* the division. So epsilon has
    the same meaning as in optax and PyTorch. `keras.optimizers.AdamW` adds it
    before the correction, which makes it 30 times larger at the first steps.
    With losses that are means over pixels, that matters.

    The last component of `variable.path` decides which variables are
    unregularized. The rest of the path is not used: it contains the names of
    a user's own layers. The result is the same on every backend.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `1e-3`.
        weight_decay: Float of at least 0. The paper finds that an unusually
            high value improves disentanglement. Defaults to `0.1`.
        clip: Positive float, or `None` for no clipping. Defaults to `None`.
        beta_1: Decay of the first moment, in `[0, 1)`. Defaults to `0.9`.
        beta_2: Decay of the second moment, in `[0, 1)`. Defaults to `0.999`.
        epsilon: Positive float. Defaults to `1e-8`.
        unregularized: Patterns, with `*` as a wildcard, for the last component
            of the path of variables that are neither clipped nor decayed.
            Defaults to `("bias", "beta", "codebook*", "embeddings*")`.
        codebook_rate: Float of at least 0, the learning rate of codebooks as a
            multiple of `learning_rate`. Codebooks are the variables whose
            path ends in a name that starts with `codebook` or `embeddings`.
            In a GAN whose encoder recovers drawn codes only approximately,
            codebooks that are as fast as the networks contract. Defaults to
            `1.0`, as in the paper.
        name: Name of the optimizer.
        **kwargs: Passed to `keras.optimizers.Optimizer`.

    Example:
        >>> optimizer = RegularizedAdamW(1e-3, weight_decay=0.1, clip=1.0)

    Raises:
        ValueError: A value is out of range.

    Reference:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization"
        (arXiv 1711.05101); the groups as in the code of "Disentanglement via
        Latent Quantization" (arXiv 2305.18378).
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        weight_decay: float = 0.1,
        clip: float | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        unregularized: Sequence[str] = UNREGULARIZED,
        codebook_rate: float = 1.0,
        name: str = "regularized_adamw",
        **kwargs: Any,
    ) -> None:
        if isinstance(learning_rate, int):
            learning_rate = float(learning_rate)
        # `weight_decay` of the base class stays None: no decay there too.
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        _check_range("weight_decay", weight_decay, weight_decay >= 0)
        _check_range("clip", clip, clip is None or clip > 0)
        _check_range("beta_1", beta_1, 0 <= beta_1 < 1)
        _check_range("beta_2", beta_2, 0 <= beta_2 < 1)
        _check_range("epsilon", epsilon, epsilon > 0)
        _check_range("codebook_rate", codebook_rate, codebook_rate >= 0)
        self.decay = weight_decay
        self.clip = clip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.unregularized = tuple(unregularized)
        self.codebook_rate = codebook_rate

    def is_regularized(self, variable: Any) -> bool:
        """Whether `variable` is clipped and decayed, by the end of its path."""
        return not _has_name(variable, self.unregularized)

    def build(self, variables: Sequence[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )
        self._are_regularized = [self.is_regularized(v) for v in variables]
        self._rates = [
            self.codebook_rate if _has_name(v, _CODEBOOKS) else 1.0
            for v in variables
        ]

    def update_step(
        self, gradient: Any, variable: Any, learning_rate: Any
    ) -> None:
        index = self._get_variable_index(variable)
        is_regularized = self._are_regularized[index]
        m, v = self._momentums[index], self._velocities[index]
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(backend.to_dense(gradient), variable.dtype)
        correct_1, correct_2 = self._bias_corrections(variable.dtype)
        if is_regularized and self.clip is not None:
            gradient = ops.clip(gradient, -self.clip, self.clip)
        new_m = self.beta_1 * m + (1 - self.beta_1) * gradient
        new_v = self.beta_2 * v + (1 - self.beta_2) * ops.square(gradient)
        self.assign(m, new_m)
        self.assign(v, new_v)
        m_hat = new_m / correct_1
        v_hat = new_v / correct_2
        update = m_hat / (ops.sqrt(v_hat) + self.epsilon)
        if is_regularized and self.decay:
            update = update + self.decay * variable
        if self._rates[index] != 1:
            update = self._rates[index] * update
        self.assign_sub(variable, learning_rate * update)

    def _bias_corrections(self, dtype: str) -> tuple[Any, Any]:
        """Those of both moments. In half precision, 0.999 would round to 1."""
        precision = "float64" if dtype == "float64" else "float32"
        step = ops.cast(self.iterations + 1, precision)
        return (
            ops.cast(1 - self.beta_1**step, dtype),
            ops.cast(1 - self.beta_2**step, dtype),
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "weight_decay": self.decay,
            "clip": self.clip,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "unregularized": list(self.unregularized),
            "codebook_rate": self.codebook_rate,
        }


def _has_name(variable: Any, patterns: Sequence[str]) -> bool:
    """Whether the last component of the path matches a pattern."""
    name = variable.path.rsplit("/", 1)[-1]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _check_range(name: str, value: Any, is_valid: bool) -> None:
    if not is_valid:
        wanted = {
            "weight_decay": "at least 0",
            "codebook_rate": "at least 0",
            "clip": "positive, or None for no clipping",
            "epsilon": "positive",
        }.get(name, "in [0, 1)")
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value}")
