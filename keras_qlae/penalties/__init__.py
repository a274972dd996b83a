"""Losses that belong to no layer: they see the batch, and the decoder."""

from keras_qlae.penalties.hessian_penalty import HessianPenalty
from keras_qlae.penalties.kernel_total_correlation import KernelTotalCorrelation
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty

__all__ = [
    "ForwardPass",
    "HessianPenalty",
    "KernelTotalCorrelation",
    "Penalty",
]
