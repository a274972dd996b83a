"""Disentangled representations by latent quantization, for Keras 3."""
