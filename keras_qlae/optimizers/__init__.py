"""Optimizers."""

from keras_qlae.optimizers.regularized_adamw import RegularizedAdamW

__all__ = ["RegularizedAdamW"]
