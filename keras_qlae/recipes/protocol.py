"""How a recipe is trained and scored."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import check_support

_MOST = 10**12  # an upper limit, of steps for example


@dataclasses.dataclass(frozen=True)
class Training:
    """How long and on which images a recipe is trained.

    Args:
        steps: Train steps.
        batch_size: Images in a train step. A GAN divides them among the
            updates of its critic; a FactorVAE uses half of them for its
            discriminator.
        image_size: Height and width of the images, for data sets with several
            sizes.
        steps_per_epoch: Train steps from one scoring and checkpoint to the
            next.
        support: Which combinations of factors are used for training: `full`,
            `corner:6`, `diagonal_remove:2`, `diagonal_strengthen:500`, or
            `module:function` for your own.

    Raises:
        ValueError: A number is out of range, or the support is unknown.
    """

    steps: int = 200_000
    batch_size: int = 128
    image_size: int = 64
    steps_per_epoch: int = 1000
    support: str = FULL

    def __post_init__(self) -> None:
        _check_range(self, "steps", 1, _MOST)
        _check_range(self, "batch_size", 1, 10**6)
        _check_range(self, "image_size", 8, 4096)
        _check_range(self, "steps_per_epoch", 1, _MOST)
        check_support(self.support)


@dataclasses.dataclass(frozen=True)
class Scoring:
    """On which images a run is scored, how often and with which metrics.

    Args:
        num_scored: Number of scored images, at most a fifth of the data set.
        score_every: Epochs from one InfoMEC to the next.
        protocol: `held_out` scores images that are not used for training.
            `paper` scores images that are also used for training, as the
            paper does.
        scored_support: With a support, `same` scores images of the
            combinations used for training, `full` images of all combinations.
        metrics: Your own metrics, as `module:name`: functions of factors and
            latents that return a number. They are computed with InfoMEC.

    Raises:
        ValueError: A number is out of range.
    """

    num_scored: int = 10_000
    score_every: int = 1
    protocol: Literal["held_out", "paper"] = "held_out"
    scored_support: Literal["same", "full"] = "same"
    metrics: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_range(self, "num_scored", 2, 10**7)
        _check_range(self, "score_every", 1, _MOST)


def _check_range(owner: object, name: str, low: int, high: int) -> None:
    value = getattr(owner, name)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(
            f"`{name}` must be from {low} to {high:,}. Received: {name}={value}"
        )
