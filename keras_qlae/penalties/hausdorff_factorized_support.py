"""A penalty of combinations of latent values that do not occur."""

import itertools
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.latent import Latent
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty
from keras_qlae.penalties.scalars import scalars
from keras_qlae.penalties.scalars import standard_deviation


@keras.saving.register_keras_serializable(package="keras_qlae")
class HausdorffFactorizedSupport(Penalty):
    """Is low if the values of latents occur in all combinations.

    For a pair of latents, a value of one and a value of the other are combined
    at random, each from any example of the batch. Each combination has a
    squared distance to the nearest example. The largest of these estimates the
    squared Hausdorff distance between the combinations that occur and all
    possible ones. The penalty is the sum over random pairs of latents. It is
    one number for the batch, at least 0, in squared units of the latents. It
    is 0 for correlated latents too, as long as no combination is missing.

    The latents are those before quantization; for a `GaussianLatent`, the
    means. Gradients reach the encoder through the combination and through the
    nearest example. The decoder gets no gradients.

    The penalty also falls when latents shrink. A KL divergence prevents that.
    Without one, use `scale_weight`: it weights the sum over latents of
    `max(0, 1 - standard deviation over the batch)`.

    Args:
        weight: As in `Penalty`.
        num_pairs: Pairs of latents in each step, at least 1; if there are
            fewer, all are taken. Defaults to the authors' `25`.
        num_combinations: Combinations for each example of the batch, at
            least 1. The authors always draw 100, with batches of 64 examples.
            Defaults to `2`.
        scale_weight: Weight of the scale relative to the distances, at least
            0. Defaults to `0.0`: no such term.
        name: As in `Penalty`.

    Raises:
        ValueError: A value is out of range. When a model is first called:
            the latents are not numbers, or there are fewer than two.

    Note:
        Under `tf.distribute` the batch is that of one replica.

    Example:
        >>> HausdorffFactorizedSupport(0.1).name
        'hausdorff_factorized_support'

    Reference:
        Roth et al., "Disentanglement of Correlated Factors via Hausdorff
        Factorized Support" (ICLR 2023, arXiv 2210.07347). The authors' code
        takes the scale over the latents of an example; here it is over the
        batch.
    """

    compares_images = True

    def __init__(
        self,
        weight: float = 1.0,
        num_pairs: int = 25,
        num_combinations: int = 2,
        scale_weight: float = 0.0,
        name: str | None = None,
    ) -> None:
        super().__init__(weight, name)
        check_count(1, "pairs of latents in each step", num_pairs=num_pairs)
        check_count(
            1,
            "combinations for each example",
            num_combinations=num_combinations,
        )
        check_loss_weights(scale_weight=scale_weight)
        self.num_pairs = int(num_pairs)
        self.num_combinations = int(num_combinations)
        self.scale_weight = scale_weight

    def draw(self, batch_size: Any, latent: Latent, seed: Any) -> Any:
        """Draws which pairs and examples are combined.

        Returns:
            A dict of numbers uniform in `[0, 1)`. `"pairs"`, `(batch, number
            of all pairs)`: the pairs with the smallest numbers of the first
            row are taken. `"examples"`, `(batch, num_combinations, pairs
            taken, 2)`: the position in the batch, divided by its size.
        """
        pairs = _pairs(latent)
        num_taken = min(self.num_pairs, len(pairs))
        shapes = {
            "pairs": (batch_size, len(pairs)),
            "examples": (batch_size, self.num_combinations, num_taken, 2),
        }
        return {
            name: keras.random.uniform(shape, dtype="float32", seed=seed)
            for name, shape in shapes.items()
        }

    def compute(self, forward: ForwardPass, noise: Any) -> Any:
        z = scalars(self, forward)
        num_taken = noise["examples"].shape[2]
        order = ops.argsort(ops.convert_to_tensor(noise["pairs"])[0])
        # -> (pairs, 2)
        pairs = ops.take(
            ops.convert_to_tensor(_pairs(forward.latent)),
            order[:num_taken],
            axis=0,
        )
        batch_size = ops.shape(z)[0]
        examples = ops.convert_to_tensor(noise["examples"])
        examples = ops.cast(
            ops.floor(examples * ops.cast(batch_size, examples.dtype)), "int32"
        )
        # The product with a number below 1 may be rounded up.
        examples = ops.minimum(examples, batch_size - 1)
        # -> (combinations of all examples, pairs, 2)
        examples = ops.reshape(examples, (-1, num_taken, 2))
        combined = ops.take(
            ops.reshape(z, (-1,)), examples * z.shape[-1] + pairs, axis=0
        )
        seen = ops.take(z, pairs, axis=1)
        # -> (combinations, batch, pairs)
        distances = ops.sum(ops.square(combined[:, None] - seen), axis=-1)
        farthest = ops.max(ops.min(distances, axis=1), axis=0)
        too_narrow = ops.relu(1 - standard_deviation(z))
        return ops.sum(farthest) + self.scale_weight * ops.sum(too_narrow)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_pairs": self.num_pairs,
            "num_combinations": self.num_combinations,
            "scale_weight": self.scale_weight,
        }


def _pairs(latent: Latent) -> np.ndarray:
    """All pairs of latents: `(number, 2)`, int32."""
    if latent.num_latents < 2:
        raise ValueError(
            "`HausdorffFactorizedSupport` compares pairs of latents: give the "
            f"latent two or more. Received: num_latents={latent.num_latents}"
        )
    pairs = itertools.combinations(range(latent.num_latents), 2)
    return np.array(list(pairs), "int32")
