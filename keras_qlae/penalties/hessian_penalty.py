"""A penalty of the interaction of latents in the decoder."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_positive
from keras_qlae.layers.latent import Latent
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty
from keras_qlae.penalties.scalars import spreads

_SMALLEST_CURVATURE = 1e-10


@keras.saving.register_keras_serializable(package="keras_qlae")
class HessianPenalty(Penalty):
    """Measures how a latent's effect on the decoder depends on other latents.

    The decoder's second derivative along a random direction `v` of the
    latents is estimated by a second difference,
    `(f(z + e v) - 2 f(z) + f(z - e v)) / e**2`. With directions of random
    signs, its variance over directions is twice the sum of squares of the
    off-diagonal entries of the Hessian; with normal directions, twice that of
    all entries. Each latent is measured in units of its own standard
    deviation over the batch (before quantization, plus 1e-6), so that a
    constant latent has no effect.

    If normalized, the penalty is the first variance divided by the second: the
    share of the curvature that is between latents. It is 0 for a decoder that
    is a sum of functions of one latent each, and near 1 for a product. Making
    the decoder flat does not lower it. With two directions of each kind, as in
    the authors' code, it is noisy: single examples may be far above 1. If not
    normalized, the penalty is the first variance.

    `f` is the output of each layer in `taps`. Variances are averaged over the
    outputs of a layer and penalties are summed over layers: one number per
    example. The copies of the batch, 4 for each draw (2 if not normalized), go
    through the decoder in one call, up to the taps.

    Gradients reach the decoder up to the taps. They reach the encoder
    straight through the quantizer and through the standard deviations.

    Args:
        weight: As in `Penalty`. The paper's is 1e-2, 1e-4, 1e-2 and 1e-8
            on 3D Shapes, MPI3D, Falcor3D and Isaac3D.
        normalized: Whether to divide by the variance of the whole Hessian.
            Defaults to `True`.
        taps: Names of the layers of a functional decoder. Defaults to those
            of the paper in `residual_image_decoder`.
        num_draws: Directions of each kind, at least 2. Defaults to `2`.
        epsilon: Positive size of the step, in standard deviations. Defaults
            to `0.1`.
        name: As in `Penalty`.

    Raises:
        ValueError: A value is out of range, or there are no taps. In a model:
            the decoder lacks a tap or computes in half precision. When the
            model is first called: the latents are not numbers.

    Note:
        A second difference in half precision is rounding noise. Under a
        mixed policy build the decoder with `dtype="float32"`.

        A ReLU is linear except at 0: in a decoder of ReLUs alone a tap has
        no curvature at most latents.

        The penalty is meaningless for a decoder with layers that mix the
        examples of a batch, such as batch normalization.

    Example:
        >>> HessianPenalty(1e-2, taps=["style0"]).taps
        ('style0',)

    Reference:
        Peebles et al., "The Hessian Penalty: A Weak Prior for Unsupervised
        Disentanglement" (ECCV 2020, arXiv 2008.10599); normalized: Hsu et
        al., "Tripod: Three Complementary Inductive Biases for Disentangled
        Representation Learning" (ICML 2024), section 3.3.
    """

    needs_full_precision = True
    compares_images = True  # steps are in standard deviations of the batch

    def __init__(
        self,
        weight: float = 1.0,
        normalized: bool = True,
        taps: Sequence[str] = ("cond", "block0", "block1", "block2"),
        num_draws: int = 2,
        epsilon: float = 0.1,
        name: str | None = None,
    ) -> None:
        super().__init__(weight, name)
        check_count(
            2, "the variance of a single draw is 0", num_draws=num_draws
        )
        check_positive("the size of the step", epsilon=epsilon)
        if not taps or isinstance(taps, str):
            raise ValueError(
                "`taps` must be a list of at least one name of a layer of "
                f"the decoder. Received: taps={taps!r}"
            )
        self.normalized = bool(normalized)
        self.taps = tuple(taps)
        self.num_draws = int(num_draws)
        self.epsilon = epsilon

    def draw(self, batch_size: Any, latent: Latent, seed: Any) -> Any:
        """Draws directions for each example.

        Returns:
            A dict: `"rademacher"`, of -1 and 1, and if normalized
            `"normal"`; both `(batch, num_draws, num_outputs)`.
        """
        shape = (batch_size, self.num_draws, latent.num_outputs)
        coins = keras.random.randint(shape, 0, 2, dtype="int32", seed=seed)
        drawn = {"rademacher": 2 * coins - 1}
        if self.normalized:
            drawn["normal"] = keras.random.normal(
                shape, dtype="float32", seed=seed
            )
        return drawn

    def compute(self, forward: ForwardPass, noise: Any) -> Any:
        z = forward.outputs.outputs
        kinds = ("rademacher", "normal") if self.normalized else ("rademacher",)
        directions = ops.concatenate(
            [ops.cast(noise[kind], z.dtype) for kind in kinds], axis=1
        )
        # -> (draws of all kinds, batch, num_latents)
        directions = ops.transpose(directions, (1, 0, 2))
        moves = self.epsilon * spreads(self, forward) * directions
        points = ops.concatenate([z + moves, z - moves])
        moved = forward.tap(ops.reshape(points, (-1, z.shape[-1])))
        return sum(
            self._of_tap(forward.taps[name], moved[name]) for name in self.taps
        )

    def _of_tap(self, at_z: Any, moved: Any) -> Any:
        """The penalty of one layer: `(batch,)`."""
        size = math.prod(at_z.shape[1:])
        num_kinds = 2 if self.normalized else 1
        at_z = ops.reshape(at_z, (-1, size))
        # -> (plus and minus, kinds, draws, batch, size)
        moved = ops.reshape(moved, (2, num_kinds, self.num_draws, -1, size))
        # Subtract close numbers first: that is exact.
        second = (moved[0] - at_z) - (at_z - moved[1])
        second = second / self.epsilon**2
        variance = backend.mean(
            ops.square(second - backend.mean(second, axis=1, keepdims=True)),
            axis=1,
        )
        # -> (kinds, batch)
        curvatures = backend.mean(variance, axis=-1)
        if not self.normalized:
            return curvatures[0]
        return curvatures[0] / (curvatures[1] + _SMALLEST_CURVATURE)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "normalized": self.normalized,
            "taps": self.taps,
            "num_draws": self.num_draws,
            "epsilon": self.epsilon,
        }
