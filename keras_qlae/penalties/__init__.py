"""Losses that belong to no layer: they use the batch and the decoder."""

from keras_qlae.penalties.dip_covariance import DIPCovariance
from keras_qlae.penalties.hausdorff_factorized_support import (
    HausdorffFactorizedSupport,
)
from keras_qlae.penalties.hessian_penalty import HessianPenalty
from keras_qlae.penalties.kernel_total_correlation import KernelTotalCorrelation
from keras_qlae.penalties.penalty import ForwardPass
from keras_qlae.penalties.penalty import Penalty

__all__ = [
    "DIPCovariance",
    "ForwardPass",
    "HausdorffFactorizedSupport",
    "HessianPenalty",
    "KernelTotalCorrelation",
    "Penalty",
]
