"""Tests of `keras_qlae.datasets.arm3d`."""
