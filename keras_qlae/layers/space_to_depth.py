"""Moves patches of a feature map into its channels."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_qlae")
class SpaceToDepth(keras.layers.Layer):
    """Moves each patch of pixels into the channels of one pixel.

    Channel `c` of the pixel at `(row, column)` of a patch becomes channel
    `(c * size + row) * size + column`.

    Args:
        size: Integer of at least 1, the side of a patch. Defaults to `2`.
        **kwargs: Passed to `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`, with a height and width that
        `size` divides.

    Output shape:
        `(batch, height / size, width / size, channels * size**2)`.

    Example:
        >>> layer = SpaceToDepth()
        >>> outputs = layer(ops.reshape(ops.arange(4.0), (1, 2, 2, 1)))
        >>> ops.convert_to_numpy(outputs).tolist()
        [[[[0.0, 1.0, 2.0, 3.0]]]]

    Raises:
        ValueError: A height or width that `size` does not divide, or a
            `size` below 1.
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                "`size` must be an integer of at least 1, the side of a "
                f"patch. Received: size={size!r}"
            )
        self.size = size

    def call(self, inputs: Any) -> Any:
        size = self.size
        _, height, width, channels = self.compute_output_shape(inputs.shape)
        patches = (-1, height, size, width, size, inputs.shape[-1])
        x = ops.transpose(ops.reshape(inputs, patches), (0, 1, 3, 5, 2, 4))
        return ops.reshape(x, (-1, height, width, channels))

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        if (
            height is None
            or width is None
            or channels is None
            or height % self.size
            or width % self.size
        ):
            raise ValueError(
                "`SpaceToDepth` needs inputs of shape (batch, height, width, "
                "channels) with a height and width that its size divides. "
                f"Received: input_shape={tuple(input_shape)}, "
                f"size={self.size}"
            )
        return (
            batch,
            height // self.size,
            width // self.size,
            channels * self.size**2,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
