"""The latent space of a VQ-VAE."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_count
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.checks import checked_codes
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class VectorQuantizer(Latent):
    """Snaps each latent vector to the nearest vector of a table (VQ-VAE).

    All latents share one learnable table of vectors. The scored `codes` are
    positions in the table; their order has no meaning. The cost of scoring
    depends on how many positions are in use. There is no prior. The table
    starts uniform in `±sqrt(3 / embedding_dim)`, so that the mean squared
    length of its vectors is 1.

    The forward value is the nearest vector by Euclidean distance. Gradients:

    - of the output: to the input unchanged (straight-through), never to the
      table;
    - of the quantization loss, `mean((stop(input) - value)**2)`: to the table
      only;
    - of the commitment loss, `mean((input - stop(value))**2)`: to the input
      only;
    - of `values`: to the table.

    Both losses are means over all coordinates of all latents.

    Args:
        num_latents: Positive integer.
        num_embeddings: Vectors in the table, at least 2. Defaults to `512`.
        embedding_dim: Width of each vector, positive. Defaults to `64`.
        quantization_weight: Weight of the quantization loss; 0 leaves it out.
            Defaults to `1.0`.
        commitment_weight: Weight of the commitment loss; 0 leaves it out.
            Defaults to `0.25`.
        seed: Integer or `None`, for the table.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents * embedding_dim)`, float: one vector after another.

    Output shape:
        Same as the input.

    Example:
        >>> quantizer = VectorQuantizer(num_latents=3, embedding_dim=8, seed=0)
        >>> quantizer.num_inputs
        24
        >>> tuple(quantizer.codes(keras.ops.zeros((5, 24))).shape)
        (5, 3)

    Raises:
        ValueError: A count is out of range, a weight is negative, or the
            input has another width. `sample` always raises it: there is no
            prior.

    Reference:
        van den Oord et al., "Neural Discrete Representation Learning"
        (NeurIPS 2017, arXiv 1711.00937).
    """

    is_discrete = True

    def __init__(
        self,
        num_latents: int,
        num_embeddings: int = 512,
        embedding_dim: int = 64,
        quantization_weight: float = 1.0,
        commitment_weight: float = 0.25,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_loss_weights(
            quantization_weight=quantization_weight,
            commitment_weight=commitment_weight,
        )
        check_count(
            2, "the vectors to choose from", num_embeddings=num_embeddings
        )
        check_count(1, "the width of a vector", embedding_dim=embedding_dim)
        self.num_embeddings = int(num_embeddings)
        self.embedding_dim = int(embedding_dim)
        self.codebook_sizes = (self.num_embeddings,) * self.num_latents
        self.quantization_weight = quantization_weight
        self.commitment_weight = commitment_weight
        self.seed = seed

    @property
    def num_inputs(self) -> int:
        return self.num_latents * self.embedding_dim

    @property
    def num_outputs(self) -> int:
        return self.num_inputs

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "quantization_loss": self.quantization_weight,
            "commitment_loss": self.commitment_weight,
        }

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        limit = (3 / self.embedding_dim) ** 0.5
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.num_embeddings, self.embedding_dim),
            dtype=self._latent_dtype,
            initializer=keras.initializers.RandomUniform(
                -limit, limit, seed=self.seed
            ),
            autocast=False,
        )

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        self._ensure_built()
        z = self._to_latents(inputs)
        codes = self._nearest(ops.stop_gradient(z))
        value = self._look_up(codes)
        fixed_z, fixed_value = ops.stop_gradient(z), ops.stop_gradient(value)
        # Losses use the value before the straight-through sum: no gradient
        # reaches the table through that sum.
        losses = {
            "quantization_loss": _mean_square(fixed_z - value),
            "commitment_loss": _mean_square(z - fixed_value),
        }
        # Straight through: the exact value, with the input's gradient.
        outputs = ops.cast(fixed_value + (z - fixed_z), self.compute_dtype)
        return LatentOutputs(outputs, losses, codes)

    def _nearest(self, z: Any) -> Any:
        """The code of the nearest vector; of equal ones the first."""
        shape = (*ops.shape(z)[:-1], self.num_latents, self.embedding_dim)
        z = ops.reshape(z, shape)
        table = ops.stop_gradient(ops.convert_to_tensor(self.embeddings))
        # Squared distances, without the term that all vectors share:
        # -> (..., num_latents, num_embeddings)
        lengths = ops.sum(ops.square(table), axis=-1)
        distance = lengths - 2 * ops.matmul(z, ops.transpose(table))
        return backend.argmin(distance)

    def _look_up(self, codes: Any) -> Any:
        """The vectors at codes, concatenated; differentiable in the table."""
        self._ensure_built()
        table = ops.convert_to_tensor(self.embeddings)
        vectors = ops.take(table, codes, axis=0)
        return ops.reshape(vectors, (*ops.shape(codes)[:-1], self.num_outputs))

    def values(self, codes: Any) -> Any:
        codes = checked_codes(codes, self.codebook_sizes)
        return ops.cast(self._look_up(codes), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_embeddings": self.num_embeddings,
            "embedding_dim": self.embedding_dim,
            "quantization_weight": self.quantization_weight,
            "commitment_weight": self.commitment_weight,
            "seed": self.seed,
        }


def _mean_square(difference: Any) -> Any:
    return backend.mean(ops.square(difference), axis=-1)
