"""The latent space of a FactorQVAE: one codebook, chosen softly at first."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_loss_weights
from keras_qlae.layers.checks import check_positive
from keras_qlae.layers.latent import LatentOutputs
from keras_qlae.layers.saved_seed import SavedSeed
from keras_qlae.layers.scalar_codebook_quantizer import ScalarCodebookQuantizer

_SMALLEST = 1e-20  # no logarithm of a smaller number is taken
_INHERITED = (
    "shared",
    "trainable_codebook",
    "quantization_weight",
    "commitment_weight",
    "low",
    "high",
)


@keras.saving.register_keras_serializable(package="keras_qlae")
class GumbelCodebookQuantizer(SavedSeed, ScalarCodebookQuantizer):
    """Draws each latent from a shared codebook, near values more often.

    All latents share `num_values` learnable scalars `e_k`, drawn from N(0, 1)
    at the start. With the distances `d_k = (z - e_k)**2` of a latent `z`:

    - in training its value is `sum_k w_k e_k`, with the Gumbel-softmax
      weights `w = softmax((g - d) / tau)`, `g` Gumbel noise that is new each
      time, and the temperature `tau = exp(-cooling_rate * draws)`;
    - in evaluation it is the nearest `e_k`; `codes` are the positions `k`.

    `draws` counts the batches for which noise was drawn, and is saved with
    the layer. It does not count noise that is passed in. A `FactorVAE` draws
    twice per train step, an `Autoencoder` once.

    The loss `kl_loss` is the KL divergence of `p = softmax(-d)` from the
    uniform distribution, a mean over the latents in nats,
    `sum_k p_k log(num_values p_k + 1e-10)`. Its gradients reach the input
    and the codebook, and so do those of the values in training. In evaluation
    the gradients of the values reach the input unchanged.

    Distances, weights and losses are in float32 or better under every dtype
    policy. Samples are uniform over the codebook.

    Args:
        num_latents: Positive integer.
        num_values: Size of the codebook, at least 2. Defaults to `64`.
        kl_weight: Weight of the KL divergence. The paper's is 1e-3 on 3D
            Shapes and 5e-5 on Isaac3D and MPI3D. Defaults to `1e-3`.
        cooling_rate: Positive float. The logarithm of the temperature falls
            by it with each draw. Defaults to `1e-5`.
        seed: Integer or `None`, for codebook and noise. The random state of
            the noise is saved with the layer.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float. All axes but the last are batch axes.

    Output shape:
        Same as the input.

    Example:
        >>> latent = GumbelCodebookQuantizer(num_latents=2, num_values=8)
        >>> latent.codebook_sizes
        (8, 8)

    Raises:
        ValueError: A count or rate is out of range, a weight is negative, or
            the input has another width.

    Reference:
        Baykal et al., "Disentanglement with Factor Quantized Variational
        Autoencoders" (arXiv 2409.14851), after its code; Jang et al.,
        "Categorical Reparameterization with Gumbel-Softmax" (ICLR 2017,
        arXiv 1611.01144).
    """

    def __init__(
        self,
        num_latents: int,
        num_values: int = 64,
        kl_weight: float = 1e-3,
        cooling_rate: float = 1e-5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, num_values, shared=True, **kwargs)
        check_loss_weights(kl_weight=kl_weight)
        check_positive("how fast the choice hardens", cooling_rate=cooling_rate)
        self.kl_weight = kl_weight
        self.cooling_rate = cooling_rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def loss_weights(self) -> dict[str, float]:
        return {"kl_loss": self.kl_weight}

    @property
    def part_width(self) -> int:
        return self.codebook_sizes[0]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.draws = self.add_weight(
            name="draws",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        z = self._to_latents(inputs)
        table = self._table()
        # Minus the squared distance, without the term that all values share:
        # -> (..., num_latents, num_values)
        near = table * (2 * ops.expand_dims(z, -1) - table)
        shares = ops.softmax(near)
        size = table.shape[1]
        kl = ops.sum(shares * ops.log(size * shares + 1e-10), axis=-1)
        losses = {"kl_loss": backend.mean(kl, axis=-1)}
        codes = self._nearest(ops.stop_gradient(z))
        if training:
            temperature = self._temperature()
            if noise is None:
                noise = self._draw_noise(near)
            parts = ops.softmax(
                (near + ops.cast(noise, near.dtype)) / temperature
            )
            outputs = ops.sum(parts * table, axis=-1)
        else:
            parts = ops.one_hot(codes, size, dtype=near.dtype)
            value = ops.stop_gradient(self._look_up(codes))
            outputs = value + (z - ops.stop_gradient(z))
        outputs = ops.cast(outputs, self.compute_dtype)
        return LatentOutputs(outputs, losses, codes, parts)

    def _temperature(self) -> Any:
        draws = ops.cast(ops.convert_to_tensor(self.draws), self._latent_dtype)
        return ops.exp(-self.cooling_rate * draws)

    def _draw_noise(self, near: Any) -> Any:
        """Draws Gumbel noise in the shape of `near`; counts the draw."""
        self.draws.assign_add(1)
        size, *rest = ops.shape(near)

        def uniform(size: Any, seed: Any) -> Any:
            return keras.random.uniform(
                (size, *rest), seed=seed, dtype=self._latent_dtype
            )

        drawn = backend.draw(uniform, size, self.seed_generator)
        return -ops.log(-ops.log(drawn + _SMALLEST) + _SMALLEST)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in _INHERITED:
            del config[name]
        return {
            **config,
            "kl_weight": self.kl_weight,
            "cooling_rate": self.cooling_rate,
            "seed": self.seed,
        }

    def _initial_codebook(self, sizes: Any) -> Any:
        return keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
