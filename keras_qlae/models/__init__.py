"""What is trained, and how."""

from keras_qlae.models.autoencoder import Autoencoder

__all__ = ["Autoencoder"]
