"""Runs: training in a directory that can be resumed and has all results.

Keras is imported when it is first needed: a list of runs does not need it.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from keras_qlae.runs.directory import RunDirectory
    from keras_qlae.runs.exporting import export
    from keras_qlae.runs.finished import draw
    from keras_qlae.runs.finished import evaluate
    from keras_qlae.runs.finished import load
    from keras_qlae.runs.run import Run
    from keras_qlae.runs.run import find
    from keras_qlae.runs.run import open_run
    from keras_qlae.runs.training import train

__all__ = [
    "Run",
    "RunDirectory",
    "draw",
    "evaluate",
    "export",
    "find",
    "load",
    "open_run",
    "train",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "directory": ["RunDirectory"],
        "exporting": ["export"],
        "finished": ["draw", "evaluate", "load"],
        "run": ["Run", "find", "open_run"],
        "training": ["train"],
    },
)
