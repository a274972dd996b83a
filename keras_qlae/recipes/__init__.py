"""Hyper-parameters by name: the paper's, and small ones for a CPU.

A recipe is flat and plain; `compiled_model` turns it into a compiled model.
"""

from keras_qlae.recipes.building import compiled_model
from keras_qlae.recipes.named import available
from keras_qlae.recipes.named import get
from keras_qlae.recipes.recipe import CHOICES
from keras_qlae.recipes.recipe import Recipe
from keras_qlae.recipes.recipe import settings

__all__ = [
    "CHOICES",
    "Recipe",
    "available",
    "compiled_model",
    "get",
    "settings",
]
