"""Saves random state with the layer or model that uses it."""

from typing import Any

import keras
from keras import ops

_KEY = "seed_generator"


class SavedSeed:
    """Saves the state of a `seed_generator`, which Keras leaves out.

    Name it as a base before `keras.layers.Layer` or `keras.Model`. The
    subclass creates `seed_generator` in its constructor.
    """

    seed_generator: keras.random.SeedGenerator

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)  # type: ignore[misc]
        store[_KEY] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store: Any) -> None:
        self.seed_generator.state.assign(store[_KEY])
        others = {k: store[k] for k in set(store.keys()) - {_KEY}}
        super().load_own_variables(others)  # type: ignore[misc]
