"""TensorFlow is imported without its notes."""

import os
import subprocess
import sys

import pytest

from keras_qlae.tensorflow_notes import _FILTER
from tests.subprocesses import ROOT


@pytest.mark.backend_free
def test_the_filter_removes_only_notes():
    """The lines that TensorFlow 2.21 writes, and other lines."""
    notes = (
        "WARNING: All log messages before absl::InitializeLog() is called are "
        "written to STDERR\n"
        "I0000 00:00:1795770630.618298   28839 port.cc:153] oneDNN custom\n"
        "2026-11-27 09:10:30.683600: I tensorflow/core/util/port.cc:153] on\n"
        "To enable the following instructions: AVX2, in other operations, \n"
    )
    kept = (
        "E0000 00:00:1795770637.353410   28839 cuda_platform.cc:52] failed\n"
        "F0000 00:00:1795770637.353410   28839 cpu_feature_guard.cc:1] AVX\n"
        "Warning: room3d has no factors.\n"
        "I am a line of somebody else.\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _FILTER],
        input=notes + kept,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == kept


@pytest.mark.slow
@pytest.mark.backend_free
@pytest.mark.parametrize("given", [None, "0"])
def test_the_level_of_the_environment_is_the_user_s(given):
    """Nothing of it stays; and where it is set, nothing is left out."""
    source = (
        "import os, sys, keras_qlae\n"
        "notes = [f for f in sys.meta_path if type(f).__name__ == '_Finder'\n"
        "         and type(f).__module__ == 'keras_qlae.tensorflow_notes']\n"
        "print(len(notes))\n"
        "import tensorflow\n"
        "assert type(tensorflow.__loader__).__name__ == 'SourceFileLoader'\n"
        "print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k[:3] != "TF_"}
    if given is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = given
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0" if given else "1", str(given)]
    assert bool(done.stderr) is bool(given)
