"""Parts of one's own, from outside the package, with the commands.

The files in `docs/how_to/` are the pages that explain them; here they are
copied to a folder of their own and used from there.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keras_qlae.files import read_csv
from keras_qlae.files import read_json

pytestmark = [
    pytest.mark.one_backend,
    pytest.mark.usefixtures("quick_python"),
]

ROOT = Path(__file__).parents[1]
PARTS = [
    "--latent=my_latent:BinaryLatent",
    "--penalties=my_penalty:Smoothness",
    "--encoder=my_encoder:pooling_encoder",
]
SHORT = [
    "--image-size=16",
    "--steps=4",
    "--steps-per-epoch=2",
    "--batch-size=8",
    "--num-scored=40",
    "--width=4",
    "--metrics=my_metric:used_latents",
    "--support=my_support:band",
]
DATA = "my_data_set:squares"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, quick_python):
    """A folder outside of the package with the files, and a trained run."""
    folder = tmp_path_factory.mktemp("mine") / "project"
    shutil.copytree(ROOT / "docs" / "how_to", folder)
    call(
        folder,
        "train",
        "--quiet",
        *PARTS,
        *SHORT,
        f"--dataset={DATA}",
        "--pull-weight=0.5",
        "--Smoothness.step=0.2",
        "--directory=run",
    )
    return folder


def call(folder, *arguments):
    """The output of a command that is called in a folder."""
    result = subprocess.run(
        [sys.executable, "-m", "keras_qlae", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
def test_a_run_of_parts_of_ones_own(folder):
    config = read_json(folder / "run" / "config.json")
    settings = config["settings"]
    assert config["dataset"] == DATA
    assert settings["latent"]["part"] == "my_latent:BinaryLatent"
    assert settings["latent"]["pull_weight"] == 0.5
    assert settings["training"]["support"] == "my_support:band"
    assert settings["encoder"] == {
        "part": "my_encoder:pooling_encoder",
        "width": 4,
    }
    smoothness = settings["penalties"]["my_penalty:Smoothness"]
    assert smoothness == {"weight": 0.1, "step": 0.2}
    rows = read_csv(folder / "run" / "metrics.csv")
    assert float(rows[-1]["smoothness"]) > 0
    assert float(rows[-1]["pull_loss"]) > 0
    assert 0 <= float(rows[-1]["val_used_latents"]) <= 1
    scores = read_json(folder / "run" / "infomec.json")
    assert scores["factor_names"] == ["x", "y", "shade"]
    assert 0 <= scores["others"]["used_latents"] <= 1
    assert 0.01 < scores["multi_information"] < 0.5
    assert "used_latents" in (folder / "run" / "report.md").read_text()


@pytest.mark.slow
def test_it_is_scored_again_by_a_metric_of_ones_own(folder):
    imports = [
        f"--import={name}"
        for name in (
            "my_latent",
            "my_penalty",
            "my_encoder",
            "my_metric",
            "my_data_set",
            "my_support",
        )
    ]
    output = call(
        folder, "evaluate", "run", "--metrics=my_metric:used_latents", *imports
    )
    assert "used_latents" in output


@pytest.mark.slow
def test_it_is_searched(folder):
    call(
        folder,
        *("tune", *PARTS, *SHORT, f"--dataset={DATA}", "--directory=search"),
        *("--trials=2", "--search=pull_weight=0.01:1"),
        "--objective=val_used_latents",
    )
    rows = read_csv(folder / "search" / "results.csv")
    assert len(rows) == 2
    assert all(0.01 <= float(row["pull_weight"]) <= 1 for row in rows)
    best = read_json(folder / "search" / "best" / "config.json")
    assert best["settings"]["training"]["support"] == "my_support:band"


@pytest.mark.slow
def test_it_is_compared(folder):
    study = folder / "study.toml"
    study.write_text(
        f"""
        datasets = ["{DATA}"]
        seeds = [0]
        [models.mine]
        recipe = "qlae"
        latent = "my_latent:BinaryLatent"
        encoder = "my_encoder:pooling_encoder"
        penalties = ["my_penalty:Smoothness"]
        width = 4
        [models.ae]
        """
    )
    call(
        folder,
        *("compare", f"--config={study}", "--directory=compared"),
        *(option for option in SHORT if "width" not in option),
    )
    rows = read_csv(folder / "compared" / "results.csv")
    assert {row["model"] for row in rows} == {"mine", "ae"}
    assert {row["status"] for row in rows} == {"finished"}
    assert all(0 <= float(row["used_latents"]) <= 1 for row in rows)
    run = folder / "compared" / "my_data_set-squares" / "ae" / "seed-0"
    settings = read_json(run / "config.json")["settings"]
    assert settings["training"]["support"] == "my_support:band"
