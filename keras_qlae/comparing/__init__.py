"""Compares models over seeds and data sets, with a table and a figure."""

from keras_qlae.comparing.array import do_task
from keras_qlae.comparing.array import gather
from keras_qlae.comparing.comparison import compare
from keras_qlae.comparing.study import Contender
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.study import contender_of
from keras_qlae.comparing.study import read_study
from keras_qlae.comparing.study import with_settings

__all__ = [
    "Contender",
    "Study",
    "compare",
    "contender_of",
    "do_task",
    "gather",
    "read_study",
    "with_settings",
]
