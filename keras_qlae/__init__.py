"""Disentangled representations by latent quantization, for Keras 3.

After "Disentanglement via Latent Quantization" (NeurIPS 2023, arXiv
2305.18378). Importing the package registers its classes with Keras, so that
saved models load, and changes nothing else.
"""

from keras_qlae import callbacks
from keras_qlae import datasets
from keras_qlae import figures
from keras_qlae import layers
from keras_qlae import metrics
from keras_qlae import models
from keras_qlae import networks
from keras_qlae import optimizers
from keras_qlae import penalties
from keras_qlae import recipes
from keras_qlae.export import export_model

__version__ = "0.1.0"

__all__ = [
    "callbacks",
    "datasets",
    "export_model",
    "figures",
    "layers",
    "metrics",
    "models",
    "networks",
    "optimizers",
    "penalties",
    "recipes",
]
