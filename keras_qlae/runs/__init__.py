"""Runs: training in a directory that survives a kill and tells its story."""

from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.exporting import export
from keras_qlae.runs.finished import draw
from keras_qlae.runs.finished import evaluate
from keras_qlae.runs.finished import load
from keras_qlae.runs.training import train

__all__ = ["RunDirectory", "draw", "evaluate", "export", "load", "train"]
