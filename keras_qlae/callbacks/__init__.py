"""What watches a model while it trains."""

from keras_qlae.callbacks.finite_loss import FiniteLoss
from keras_qlae.callbacks.infomec import InfoMEC

__all__ = ["FiniteLoss", "InfoMEC"]
