"""Optimizers."""

from keras_qlae.optimizers.cooldown import Cooldown
from keras_qlae.optimizers.cosine import Cosine
from keras_qlae.optimizers.optimizer_pair import OptimizerPair
from keras_qlae.optimizers.regularized_adamw import RegularizedAdamW

__all__ = ["Cooldown", "Cosine", "OptimizerPair", "RegularizedAdamW"]
