"""Parts and their settings by name: the paper's, and small ones for a CPU."""

from keras_qlae.recipes.building import compiled_model
from keras_qlae.recipes.named import available
from keras_qlae.recipes.named import get
from keras_qlae.recipes.named import summary
from keras_qlae.recipes.parts import Setting
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.recipe import Recipe
from keras_qlae.recipes.recipe import start

__all__ = [
    "Recipe",
    "Setting",
    "SettingError",
    "available",
    "compiled_model",
    "get",
    "start",
    "summary",
]
