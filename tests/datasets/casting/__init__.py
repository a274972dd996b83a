"""Tests of `keras_qlae.datasets.casting`."""
