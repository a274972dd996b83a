"""Small NORB: photographs of toys."""

from keras_qlae.datasets.smallnorb.info import INFO

__all__ = ["INFO"]
