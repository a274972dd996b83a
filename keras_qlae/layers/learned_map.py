"""The learned constant that a style decoder starts from."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class LearnedMap(keras.layers.Layer):
    """Gives every example the same learned feature map.

    Of the input only the batch size is used. The input gets no gradient.

    Args:
        shape: Shape of the map, `(height, width, channels)`.
        initial_value: Float, what every element starts at. Defaults to `0.1`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(batch, ...)`, anything.

    Output shape:
        `(batch, height, width, channels)`.

    Reference:
        Karras et al., "A Style-Based Generator Architecture" (CVPR 2019).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        initial_value: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.initial_value = initial_value

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.input_map = self.add_weight(
            name="input_map",
            shape=self.shape,
            initializer=keras.initializers.Constant(self.initial_value),
        )

    def call(self, inputs: Any) -> Any:
        batch = ops.shape(inputs)[0]
        input_map = ops.expand_dims(ops.convert_to_tensor(self.input_map), 0)
        return ops.broadcast_to(input_map, (batch, *self.shape))

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "shape": self.shape,
            "initial_value": self.initial_value,
        }
