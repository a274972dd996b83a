"""Scores of a representation against the true factors of variation.

Functions take NumPy arrays and return numbers. They use neither Keras nor
models.
"""

from keras_qlae.metrics.active_latents import active_latents
from keras_qlae.metrics.all_scores import VARIANTS
from keras_qlae.metrics.all_scores import all_scores
from keras_qlae.metrics.code_usage import CodeUsage
from keras_qlae.metrics.code_usage import code_usage
from keras_qlae.metrics.concentration import infoc_score
from keras_qlae.metrics.concentration import infom_score
from keras_qlae.metrics.conditional_infomec import ConditionalInfoMECResult
from keras_qlae.metrics.conditional_infomec import conditional_infomec
from keras_qlae.metrics.dci import DCIResult
from keras_qlae.metrics.dci import dci_scores
from keras_qlae.metrics.explicitness import explicitness_score
from keras_qlae.metrics.factor_vae import factor_vae_score
from keras_qlae.metrics.image_quality import psnr
from keras_qlae.metrics.image_quality import ssim
from keras_qlae.metrics.infoe import infoe_score
from keras_qlae.metrics.infomec import InfoMECResult
from keras_qlae.metrics.infomec import infomec
from keras_qlae.metrics.irs import irs_score
from keras_qlae.metrics.linear_r2 import linear_r2_score
from keras_qlae.metrics.mcc import mcc_score
from keras_qlae.metrics.mig import mig_score
from keras_qlae.metrics.modularity import modularity_score
from keras_qlae.metrics.multi_information import normalized_multi_information
from keras_qlae.metrics.mutual_information import mutual_information
from keras_qlae.metrics.mutual_information import normalized_mutual_information
from keras_qlae.metrics.sap import sap_score
from keras_qlae.metrics.udr import udr_scores

__all__ = [
    "VARIANTS",
    "CodeUsage",
    "ConditionalInfoMECResult",
    "DCIResult",
    "InfoMECResult",
    "active_latents",
    "all_scores",
    "code_usage",
    "conditional_infomec",
    "dci_scores",
    "explicitness_score",
    "factor_vae_score",
    "infoc_score",
    "infoe_score",
    "infom_score",
    "infomec",
    "irs_score",
    "linear_r2_score",
    "mcc_score",
    "mig_score",
    "modularity_score",
    "mutual_information",
    "normalized_multi_information",
    "normalized_mutual_information",
    "psnr",
    "sap_score",
    "ssim",
    "udr_scores",
]
