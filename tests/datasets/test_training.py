"""A thousand images of each real layout: prepare, train, evaluate."""

import json

import pytest
from click.testing import CliRunner

from keras_qlae.cli.main import main
from keras_qlae.networks.blocks import Convolution
from keras_qlae.networks.sizes import SIZES
from keras_qlae.networks.sizes import Size
from keras_qlae.runs import reporting
from tests.datasets.fakes import THOUSAND
from tests.datasets.fakes import fake

pytestmark = pytest.mark.one_backend

SMALLEST = Size((Convolution(4, 4, 2),), (8,))  # it compiles soon
SMALL = [
    "--image-size=8",
    "--steps=4",
    "--steps-per-epoch=4",
    "--batch-size=200",
    "--num-scored=150",
    "--num-latents=3",
    "--num-values=3",
    "--size=tiny",
    "--quiet",
]


def call(*arguments):
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
@pytest.mark.parametrize("name", THOUSAND)
def test_a_thousand_images(name, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setitem(SIZES, "tiny", SMALLEST)
    # Tested elsewhere, and half of the time here.
    monkeypatch.setattr(reporting, "write_figures", lambda *_: [])
    info, _ = fake(monkeypatch, tmp_path / "data", name, THOUSAND[name])
    assert 900 <= info.num_values <= 1100
    call("datasets", "prepare", name, "--image-size=8", "--quiet")
    assert f"{info.num_values:,} of" in call("datasets", "info", name)
    run = tmp_path / "run"
    recipe = ("--recipe=qlae-paper", f"--dataset={name}")
    call("train", *recipe, f"--directory={run}", *SMALL)
    config = json.loads((run / "config.json").read_text())
    decay = 0.001 if name == "mpi3d" else 0.1  # the paper's
    assert config["settings"]["optimizer"]["weight_decay"] == decay
    before = json.loads((run / "infomec.json").read_text())
    call("evaluate", str(run))
    after = json.loads((run / "infomec.json").read_text())
    assert after == before
