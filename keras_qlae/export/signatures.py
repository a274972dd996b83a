"""The functions of an exported model, by name."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import keras
from keras import ops

from keras_qlae.models.image_model import ImageModel
from keras_qlae.models.likelihood import expected


class Signature(NamedTuple):
    """A function of an exported model, from one tensor to a dict of tensors.

    The shape is that of its input without the batch axis.
    """

    function: Callable[[Any], dict[str, Any]]
    shape: tuple[int, ...]
    dtype: str

    @property
    def spec(self) -> keras.InputSpec:
        """The input for any batch size."""
        return keras.InputSpec(shape=(None, *self.shape), dtype=self.dtype)


def signatures_of(model: ImageModel, part: str) -> dict[str, Signature]:
    """Makes the functions of a part of a model, of Keras operations.

    The first is the default.
    """
    dtype = model.variable_dtype
    latent = model.latent

    # The names of the arguments become those of the inputs.
    def encode(images: Any) -> dict[str, Any]:
        latents = model.encoder(ops.cast(images, dtype), training=False)
        # Not `compute`: an exported model needs neither losses nor noise.
        codes = latent.codes(latents)
        return {
            "latents": ops.cast(latents, "float32"),
            "quantized": ops.cast(latent.values(codes), "float32"),
            "codes": ops.cast(codes, _codes_dtype(model)),
        }

    def decode(values: Any) -> dict[str, Any]:
        outputs = model.decoder(ops.cast(values, dtype), training=False)
        outputs = ops.cast(outputs, "float32")
        return {"images": expected(model.likelihood, outputs)}

    def encode_uint8(images: Any) -> dict[str, Any]:
        return encode(_to_float(images))

    def decode_codes(codes: Any) -> dict[str, Any]:
        return decode(latent.values(codes))

    def reconstruct(images: Any) -> dict[str, Any]:
        encoded = encode(images)
        # In ONNX the output needs another name than the input.
        rebuilt = decode(encoded["quantized"])["images"]
        return {"reconstructions": rebuilt, **encoded}

    def reconstruct_uint8(images: Any) -> dict[str, Any]:
        return reconstruct(_to_float(images))

    image = tuple(model.image_shape)
    width = (latent.num_latents,)
    encoder = {"encode": Signature(encode, image, "float32")}
    both = {"reconstruct": Signature(reconstruct, image, "float32")}
    if model.has_images:
        encoder["encode_uint8"] = Signature(encode_uint8, image, "uint8")
        both["reconstruct_uint8"] = Signature(reconstruct_uint8, image, "uint8")
    decoder = {
        "decode": Signature(decode, (latent.num_outputs,), "float32"),
        "decode_codes": Signature(decode_codes, width, _codes_dtype(model)),
    }
    return {
        "encoder": encoder,
        "decoder": decoder,
        "autoencoder": {**both, **encoder, **decoder},
    }[part]


def layers_of(model: ImageModel, part: str) -> list[keras.layers.Layer]:
    """The layers whose weights a part of a model needs."""
    layers = {
        "encoder": [model.encoder, model.latent],
        "decoder": [model.latent, model.decoder],
        "autoencoder": [model.encoder, model.latent, model.decoder],
    }
    return layers[part]


def _codes_dtype(model: ImageModel) -> str:
    return "int32" if model.latent.is_discrete else "float32"


def _to_float(images: Any) -> Any:
    return ops.cast(images, "float32") / 255
