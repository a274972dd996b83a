"""Disentangled representations by latent quantization, for Keras 3.

The method is that of "Disentanglement via Latent Quantization" (NeurIPS 2023,
arXiv 2305.18378). A part of the package is imported when it is first used, so
that `keras_qlae.metrics` needs no framework. If Keras is already imported, the
classes of the package are registered with it at once, so that saved models
load. If TensorFlow is imported afterwards, its notes on the machine are
suppressed, unless `TF_CPP_MIN_LOG_LEVEL` is set.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING

import lazy_loader

from keras_qlae import tensorflow_notes

if TYPE_CHECKING:
    from keras_qlae import callbacks
    from keras_qlae import comparing
    from keras_qlae import datasets
    from keras_qlae import explorer
    from keras_qlae import figures
    from keras_qlae import layers
    from keras_qlae import metrics
    from keras_qlae import models
    from keras_qlae import networks
    from keras_qlae import optimizers
    from keras_qlae import penalties
    from keras_qlae import recipes
    from keras_qlae import runs
    from keras_qlae import trained
    from keras_qlae import tuning
    from keras_qlae.export.export_model import export_model
    from keras_qlae.runs import open_run
    from keras_qlae.trained import load

__version__ = "0.1.0"

__all__ = [
    "callbacks",
    "comparing",
    "datasets",
    "explorer",
    "export_model",
    "figures",
    "layers",
    "load",
    "metrics",
    "models",
    "networks",
    "open_run",
    "optimizers",
    "penalties",
    "recipes",
    "runs",
    "trained",
    "tuning",
]
_REGISTERED = ("layers", "penalties", "optimizers", "models")

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submodules=set(__all__) - {"export_model", "load", "open_run"},
    submod_attrs={
        "export": ["export_model"],
        "runs": ["open_run"],
        "trained": ["load"],
    },
)

if tensorflow_notes.LEVEL not in os.environ:
    tensorflow_notes.leave_out()

if "keras" in sys.modules:
    for _name in _REGISTERED:
        importlib.import_module(f"{__name__}.{_name}")
