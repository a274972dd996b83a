"""Callbacks that watch a model while it trains."""

from keras_qlae.callbacks.codes_in_use import CodesInUse
from keras_qlae.callbacks.finite_loss import FiniteLoss
from keras_qlae.callbacks.infomec import InfoMEC
from keras_qlae.callbacks.interrupts import Interrupts
from keras_qlae.callbacks.progress import Progress
from keras_qlae.callbacks.reconstruction import Reconstruction

__all__ = [
    "CodesInUse",
    "FiniteLoss",
    "InfoMEC",
    "Interrupts",
    "Progress",
    "Reconstruction",
]
