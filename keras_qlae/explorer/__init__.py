"""A web page to explore a trained model."""

from keras_qlae.explorer.beside import Shown
from keras_qlae.explorer.beside import side_by_side
from keras_qlae.explorer.content import Content
from keras_qlae.explorer.curves import curves
from keras_qlae.explorer.document import Section
from keras_qlae.explorer.document import document
from keras_qlae.explorer.page import page
from keras_qlae.explorer.server import Server
from keras_qlae.explorer.server import serve
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.explorer.write import write

__all__ = [
    "Content",
    "Section",
    "Server",
    "Shown",
    "UnknownLayerError",
    "curves",
    "document",
    "page",
    "serve",
    "side_by_side",
    "write",
]
