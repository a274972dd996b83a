"""Exports models as SavedModel, ONNX or LiteRT for use without keras_qlae."""

from keras_qlae.export.export_model import PARTS
from keras_qlae.export.export_model import export_model
from keras_qlae.export.formats import FORMATS

__all__ = ["FORMATS", "PARTS", "export_model"]
