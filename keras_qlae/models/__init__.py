"""What is trained, and how."""

from keras_qlae.models.autoencoder import Autoencoder
from keras_qlae.models.factor_vae import FactorVAE
from keras_qlae.models.info_wgan_gp import InfoWGANGP

__all__ = ["Autoencoder", "FactorVAE", "InfoWGANGP"]
