"""Searches for good settings with Keras Tuner."""

from keras_qlae.tuning.hypermodel import QLAEHyperModel
from keras_qlae.tuning.oracle import ALGORITHMS
from keras_qlae.tuning.search import search

__all__ = ["ALGORITHMS", "QLAEHyperModel", "search"]
