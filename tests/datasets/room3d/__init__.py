"""Tests of `keras_qlae.datasets.room3d`."""
