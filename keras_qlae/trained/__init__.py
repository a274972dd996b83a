"""Trained models that come with the package."""

from pathlib import Path
from typing import TYPE_CHECKING

from keras_qlae.hints import UnknownNameError
from keras_qlae.hints import hint

if TYPE_CHECKING:
    from keras_qlae.runs import Run

__all__ = ["available", "load"]

_HERE = Path(__file__).parent


def available() -> tuple[str, ...]:
    """The names of the trained models, each `RECIPE-DATASET`."""
    return tuple(
        sorted(path.parent.name for path in _HERE.glob("*/config.json"))
    )


def load(name: str) -> "Run":
    """Opens the run of a trained model that comes with the package.

    The models were trained with the default settings of their recipes;
    `run.config` has them, `run.scores` what came out. Optimizers are left out:
    train a model of your own with `keras-qlae train`.

    Args:
        name: One of `available()`.

    Returns:
        The run: its `model`, `encode`, `traverse`, `dataset` and so on, as of
        `keras_qlae.open_run`.

    Raises:
        ValueError: There is no such model.

    Example:
        ```python
        run = keras_qlae.load("qlae-room3d")
        images = run.dataset.images([0, 1, 2])
        codes = run.encode(images)
        ```
    """
    from keras_qlae.runs import open_run

    return open_run(path_of(name))


def path_of(name: str) -> Path:
    """The run directory of a trained model; as `load`."""
    if name not in available():
        raise UnknownNameError(
            f"No trained model of this name comes with the package."
            f"{hint(name, available())} Available: {', '.join(available())}. "
            f"Received: {name!r}"
        )
    return _HERE / name
