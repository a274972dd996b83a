"""The page on which a trained model is explored, in a browser."""

from keras_qlae.explorer.content import Content
from keras_qlae.explorer.page import Section
from keras_qlae.explorer.page import page
from keras_qlae.explorer.server import Server
from keras_qlae.explorer.server import serve
from keras_qlae.explorer.steps import UnknownLayerError
from keras_qlae.explorer.write import write

__all__ = [
    "Content",
    "Section",
    "Server",
    "UnknownLayerError",
    "page",
    "serve",
    "write",
]
