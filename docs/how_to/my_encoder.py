"""An encoder of your own.

A network is a function that builds a functional Keras model. It is called
with the shape of the images and the width that the latent needs, and with
`seed` and `dtype` if it has these arguments. Every other argument is a
setting.

    keras-qlae train --encoder my_encoder:pooling_encoder --width 32
"""

import keras


def pooling_encoder(
    image_shape: tuple[int, int, int],
    num_outputs: int,
    width: int = 16,
    seed: int | None = None,
) -> keras.Model:
    """Two convolutions, and the mean over the image.

    Args:
        image_shape: `(height, width, channels)`.
        num_outputs: Width of the output.
        width: Channels of the convolutions.
        seed: Integer, for repeatable initial weights.
    """
    initializer = keras.initializers.GlorotUniform(seed=seed)
    inputs = x = keras.Input(image_shape)
    for i in range(2):
        x = keras.layers.Conv2D(
            width,
            3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=initializer,
            name=f"conv{i}",
        )(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(num_outputs, kernel_initializer=initializer)(x)
    return keras.Model(inputs, outputs, name="encoder")
