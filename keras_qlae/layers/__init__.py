"""Latent spaces and building blocks, one per file."""

from keras_qlae.layers.bio_latent import BioLatent
from keras_qlae.layers.continuous_latent import ContinuousLatent
from keras_qlae.layers.conv2d import Conv2D
from keras_qlae.layers.conv2d_transpose import Conv2DTranspose
from keras_qlae.layers.finite_scalar_quantizer import FiniteScalarQuantizer
from keras_qlae.layers.gaussian_latent import GaussianLatent
from keras_qlae.layers.gumbel_codebook_quantizer import GumbelCodebookQuantizer
from keras_qlae.layers.instance_normalization import InstanceNormalization
from keras_qlae.layers.latent import Latent
from keras_qlae.layers.layer_normalization import LayerNormalization
from keras_qlae.layers.learned_map import LearnedMap
from keras_qlae.layers.scalar_codebook_quantizer import ScalarCodebookQuantizer
from keras_qlae.layers.space_to_depth import SpaceToDepth
from keras_qlae.layers.standardization import Standardization
from keras_qlae.layers.style_modulation import StyleModulation
from keras_qlae.layers.total_correlation_latent import TotalCorrelationLatent
from keras_qlae.layers.uniform_latent import UniformLatent
from keras_qlae.layers.vector_quantizer import VectorQuantizer

__all__ = [
    "BioLatent",
    "ContinuousLatent",
    "Conv2D",
    "Conv2DTranspose",
    "FiniteScalarQuantizer",
    "GaussianLatent",
    "GumbelCodebookQuantizer",
    "InstanceNormalization",
    "Latent",
    "LayerNormalization",
    "LearnedMap",
    "ScalarCodebookQuantizer",
    "SpaceToDepth",
    "Standardization",
    "StyleModulation",
    "TotalCorrelationLatent",
    "UniformLatent",
    "VectorQuantizer",
]
