"""How a recipe is trained and scored."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

_MOST = 10**12  # more steps than anybody trains


@dataclasses.dataclass(frozen=True)
class Training:
    """How long and on what a recipe is trained.

    Args:
        steps: Train steps.
        batch_size: Images in a train step. A GAN divides them among the
            updates of its critic.
        image_size: Height and width of the images, for data sets that can be
            had in several sizes.
        steps_per_epoch: Train steps from one scoring and checkpoint to the
            next.

    Raises:
        ValueError: A number out of range.
    """

    steps: int = 200_000
    batch_size: int = 128
    image_size: int = 64
    steps_per_epoch: int = 1000

    def __post_init__(self) -> None:
        _check_range(self, "steps", 1, _MOST)
        _check_range(self, "batch_size", 1, 10**6)
        _check_range(self, "image_size", 8, 4096)
        _check_range(self, "steps_per_epoch", 1, _MOST)


@dataclasses.dataclass(frozen=True)
class Scoring:
    """On which images a run is scored, how often and by what.

    Args:
        num_scored: Images that are scored, at most a fifth of the data set.
        score_every: Epochs from one InfoMEC to the next.
        protocol: `held_out` scores images that are not trained on. `paper`
            scores images that are trained on too, as the paper does.
        metrics: Metrics of one's own, as `module:name`: functions of factors
            and latents to a number. They are scored with InfoMEC.

    Raises:
        ValueError: A number out of range.
    """

    num_scored: int = 10_000
    score_every: int = 1
    protocol: Literal["held_out", "paper"] = "held_out"
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
