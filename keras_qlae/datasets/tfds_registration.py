"""Tells TensorFlow Datasets of the builders of this package."""

import importlib

_NAMES = ("mpi3d", "falcor3d", "isaac3d")


def register_with_tfds() -> None:
    """Makes `tfds.load` know `mpi3d`, `falcor3d` and `isaac3d`.

    For pipelines of your own: `load` does not need it. After it,
    `tfds.load("mpi3d/toy")` works as for any data set of TensorFlow Datasets.
    Features are `image` and, for each factor, `label_<factor>`.
    """
    for name in _NAMES:
        importlib.import_module(
            f"keras_qlae.datasets.{name}.{name}_dataset_builder"
        )
