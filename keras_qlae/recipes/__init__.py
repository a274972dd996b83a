"""Named recipes, the paper's and small ones for a CPU, and their settings.

The names of recipes can be read without Keras, which the parts need.
"""

from typing import TYPE_CHECKING

import lazy_loader

from keras_qlae.recipes.named import available
from keras_qlae.recipes.named import get
from keras_qlae.recipes.named import summary
from keras_qlae.recipes.parts import Setting
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.recipe import Recipe
from keras_qlae.recipes.recipe import start

if TYPE_CHECKING:
    from keras_qlae.recipes.building import compiled_model

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

__getattr__, _, _ = lazy_loader.attach(
    __name__, submod_attrs={"building": ["compiled_model"]}
)
