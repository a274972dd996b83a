"""Scores of a representation against the true factors of variation.

NumPy arrays in, numbers out: nothing here knows of Keras or of a model.
"""

from keras_qlae.metrics.active_latents import active_latents
from keras_qlae.metrics.concentration import infoc_score
from keras_qlae.metrics.concentration import infom_score
from keras_qlae.metrics.infoe import infoe_score
from keras_qlae.metrics.infomec import InfoMECResult
from keras_qlae.metrics.infomec import infomec
from keras_qlae.metrics.mutual_information import mutual_information
from keras_qlae.metrics.mutual_information import normalized_mutual_information

__all__ = [
    "InfoMECResult",
    "active_latents",
    "infoc_score",
    "infoe_score",
    "infom_score",
    "infomec",
    "mutual_information",
    "normalized_mutual_information",
]
