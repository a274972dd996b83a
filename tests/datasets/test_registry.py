"""Data sets by name."""

import math

import pytest

from keras_qlae import datasets
from tests.subprocesses import run_python

pytestmark = pytest.mark.backend_free


def test_room3d_is_available():
    assert "room3d" in datasets.available()


def test_options_reach_the_data_set():
    assert datasets.load("room3d").image_shape == (64, 64, 3)
    assert datasets.load("room3d", image_size=20).image_shape == (20, 20, 3)


@pytest.mark.parametrize("name", datasets.available())
def test_info_describes_the_loaded_data_set(name):
    info = datasets.info(name)
    assert info.name == name
    for text in (info.summary, info.description, info.licence, info.citation):
        assert text
    if info.download_bytes == 0:
        dataset = datasets.load(name)
        assert dataset.name == name
        assert dataset.factor_names == tuple(info.factors)
        assert dataset.factor_sizes == tuple(info.factors.values())
        assert dataset.image_shape == info.image_shape
        assert len(dataset) == math.prod(info.factors.values())


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"Available: .*room3d.*'romm3d'"):
        datasets.load("romm3d")
    with pytest.raises(ValueError, match="from_arrays"):
        datasets.info("mine")


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"image_size\. Received: size"):
        datasets.load("room3d", size=3)


KNOWS_WITHOUT = """
import sys, types
package = types.ModuleType("keras_qlae")  # its own imports aside
package.__path__ = ["keras_qlae"]
sys.modules["keras_qlae"] = package
from keras_qlae import datasets
from tests.subprocesses import run_python
for name in datasets.available():
    datasets.info(name)
heavy = ("keras", "tensorflow", "jax", "torch", "scipy", "h5py", "PIL", "tqdm")
print("RESULT", [name for name in heavy if name in sys.modules])
"""


def test_descriptions_need_no_heavy_module():
    output = run_python(KNOWS_WITHOUT)
    assert output.rpartition("RESULT ")[2].strip() == "[]"
