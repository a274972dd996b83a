"""Encoders and decoders (functional API), in the paper's and other sizes."""

from keras_qlae.networks.decoders import dense_decoder
from keras_qlae.networks.decoders import image_decoder
from keras_qlae.networks.decoders import style_image_decoder
from keras_qlae.networks.dvae import dvae_image_decoder
from keras_qlae.networks.dvae import dvae_image_encoder
from keras_qlae.networks.encoders import dense_encoder
from keras_qlae.networks.encoders import image_encoder
from keras_qlae.networks.encoders import image_trunk
from keras_qlae.networks.residual import residual_image_decoder
from keras_qlae.networks.residual import residual_image_encoder
from keras_qlae.networks.vectors import vector_decoder
from keras_qlae.networks.vectors import vector_encoder

__all__ = [
    "dense_decoder",
    "dense_encoder",
    "dvae_image_decoder",
    "dvae_image_encoder",
    "image_decoder",
    "image_encoder",
    "image_trunk",
    "residual_image_decoder",
    "residual_image_encoder",
    "style_image_decoder",
    "vector_decoder",
    "vector_encoder",
]
