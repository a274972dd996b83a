"""Optimizers."""

from keras_qlae.optimizers.optimizer_pair import OptimizerPair
from keras_qlae.optimizers.regularized_adamw import RegularizedAdamW

__all__ = ["OptimizerPair", "RegularizedAdamW"]
