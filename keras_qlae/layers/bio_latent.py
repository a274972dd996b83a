"""The latent space of a BioAE."""

from typing import Any

import keras
from keras import ops

from keras_qlae import backend
from keras_qlae.layers.checks import check_positive
from keras_qlae.layers.continuous_latent import ContinuousLatent
from keras_qlae.layers.latent import LatentOutputs


@keras.saving.register_keras_serializable(package="keras_qlae")
class BioLatent(ContinuousLatent):
    """Passes latents through, with losses that keep them nonnegative and small.

    The two losses are constraints of biological neurons:
    `nonnegativity_loss`, the mean over latents of `max(-z, 0)`, and
    `activity_loss`, the mean of `z**2`. Gradients of both losses and of the
    output reach the input. `codes` are the latents as floats. There is no
    prior.

    Args:
        num_latents: Positive integer.
        nonnegativity_weight: Positive weight. Defaults to `1.0`.
        activity_weight: Positive weight. Defaults to `0.01`, as in the paper,
            except on Isaac3D, where the paper has `0.1`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(..., num_latents)`, float.

    Output shape:
        Same as the input.

    Example:
        >>> result = BioLatent(num_latents=2).compute([[-0.5, 1.5]])
        >>> [float(loss[0]) for loss in result.losses.values()]
        [0.25, 1.25]

    Raises:
        ValueError: `num_latents` or a weight is not positive, or the input
            has another width. `sample` always raises it: there is no prior.

    Reference:
        Whittington et al., "Disentanglement with Biological Constraints"
        (ICLR 2023, arXiv 2210.01768).
    """

    def __init__(
        self,
        num_latents: int,
        nonnegativity_weight: float = 1.0,
        activity_weight: float = 0.01,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_latents, **kwargs)
        check_positive(
            "the weight of a loss; for no losses use `ContinuousLatent`",
            nonnegativity_weight=nonnegativity_weight,
            activity_weight=activity_weight,
        )
        self.nonnegativity_weight = nonnegativity_weight
        self.activity_weight = activity_weight

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "nonnegativity_loss": self.nonnegativity_weight,
            "activity_loss": self.activity_weight,
        }

    def compute(
        self, inputs: Any, training: bool | None = None, noise: Any = None
    ) -> LatentOutputs:
        z = self._to_latents(inputs)
        losses = {
            "nonnegativity_loss": backend.mean(ops.relu(-z), axis=-1),
            "activity_loss": backend.mean(ops.square(z), axis=-1),
        }
        return LatentOutputs(ops.cast(z, self.compute_dtype), losses, z)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "nonnegativity_weight": self.nonnegativity_weight,
            "activity_weight": self.activity_weight,
        }
