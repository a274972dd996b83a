"""Four simulated devices train like one, and any number resumes a run."""

import json

import keras
import pytest

from tests.cli.test_cli import call
from tests.subprocesses import run_python

SOURCE = """
import json, sys
import keras
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    four = [tf.config.LogicalDeviceConfiguration()] * 4
    tf.config.set_logical_device_configuration(cpu, four)
from keras_qlae.cli.main import main

def train(name, devices, steps):
    path = sys.argv[1] + "/" + name
    main(["train", "--directory", path, "--devices", devices, "--steps", steps,
          "--image-size=8", "--steps-per-epoch=2", "--batch-size=8",
          "--num-scored=200", "--num-latents=4", "--num-values=3", "--quiet"],
         standalone_mode=False)

def refused(recipe):
    try:
        main(["train", "--recipe", recipe, "--directory", sys.argv[1] + "/no",
              "--devices", "4", "--image-size=8", "--batch-size=16",
              "--num-scored=200", "--num-latents=4", "--quiet"],
             standalone_mode=False)
    except Exception as error:
        print("REFUSED", error)

if keras.backend.backend() == "tensorflow":
    refused("factor-vae")
train("one", "1", "4")
train("four", "all", "2")
train("four", "4", "4")
"""


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="others have several devices"
)
def test_pytorch_names_the_version_that_has_several_devices(tmp_path):
    path = tmp_path / "run"
    result = call("train", f"--directory={path}", "--devices=2")
    assert result.exit_code == 1
    assert "from version 3.16 on" in result.output
    assert not path.exists()
    assert call("train", "--devices=none").exit_code == 2


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras has one device there"
)
def test_four_devices_train_as_one(tmp_path):
    flags = "--xla_force_host_platform_device_count=4"
    output = run_python(SOURCE, tmp_path, XLA_FLAGS=flags)
    if keras.backend.backend() == "tensorflow":
        assert "Received: FactorVAE on 4 devices" in output
        assert not (tmp_path / "no").exists()
    one, four = (tmp_path / name for name in ("one", "four"))
    texts = [(p / "metrics.csv").read_text().splitlines() for p in (one, four)]
    assert texts[0][0] == texts[1][0]
    name = texts[0][0].split(",").index("loss")
    losses = [[float(r.split(",")[name]) for r in t[1:]] for t in texts]
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)
    assert len(losses[0]) == 2
    assert (four / "report.md").exists()
    assert json.loads((four / "infomec.json").read_text())["psnr"] > 0
