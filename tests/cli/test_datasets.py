"""`keras-qlae datasets`, as a person calls it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_qlae import datasets
from keras_qlae.cli.main import main
from tests.datasets.fakes import fake

pytestmark = pytest.mark.backend_free


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(main, ["datasets", *map(str, arguments)])


def test_list_shows_what_is_needed(data_dir, monkeypatch):
    lines = call("list").output.splitlines()
    assert [line.split()[0] for line in lines] == list(datasets.available())
    assert "embedded" in lines[0]
    assert "480,000  needs 6.2 GB disk" in call("list").output
    fake(monkeypatch, data_dir, "falcor3d")
    assert call("prepare", "falcor3d", "--quiet").exit_code == 0
    (line,) = [x for x in call("list").output.splitlines() if "falcor3d" in x]
    assert "prepared" in line


@pytest.mark.parametrize("name", datasets.available())
def test_info_shows_all_fields(name):
    info = datasets.info(name)
    output = call("info", name).output
    for factor, size in info.factors.items():
        assert f"{factor} {size}" in output
    assert info.licence in output
    assert info.citation in output
    for file in info.files:
        assert file.url in output
    if info.files:
        assert "to prepare; training is fastest with" in output


def test_info_shows_what_is_on_the_disk(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "shapes3d")
    output = call("info", "shapes3d").output
    assert "3dshapes.h5, available" in output
    assert "64x64, not available" in output
    call("prepare", "shapes3d", "--quiet")
    output = call("info", "shapes3d").output
    assert "64x64, available" in output
    assert "0.0 MB more are needed" in output


def test_damaged_images_are_not_called_ready(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "dsprites")
    call("prepare", "dsprites", "--quiet")
    (data_dir / "dsprites" / "64x64" / "images.npy").write_bytes(b"cut")
    (line,) = [
        line
        for line in call("list").output.splitlines()
        if line.startswith("dsprites")
    ]
    assert "damaged: see info" in line
    output = call("info", "dsprites").output
    assert "64x64, damaged, delete it: 3 bytes of images in" in output
    result = call("prepare", "dsprites", "--quiet")
    assert result.exit_code == 1
    assert "is ready" not in result.output
    assert "delete it and run" in result.output


def test_prepare_prints_the_folder_of_the_data_set(data_dir, monkeypatch):
    fake(monkeypatch, data_dir, "dsprites")
    result = call("prepare", "dsprites")
    assert result.exit_code == 0, result.output
    assert f"is ready in {data_dir / 'dsprites' / '64x64'}" in result.output
    assert "24/24" in result.output  # the progress bar
    assert "Set KERAS_QLAE_DATA_DIR" not in result.output


def test_another_folder_is_to_be_set(data_dir, monkeypatch):
    place = data_dir / "elsewhere"
    fake(monkeypatch, place, "dsprites")
    result = call("prepare", "dsprites", "--quiet", "--data-dir", place)
    assert result.exit_code == 0, result.output
    assert f"Set KERAS_QLAE_DATA_DIR={place}" in result.output
    assert "prepared" in call("list", "--data-dir", place).output
    assert "prepared" not in call("list").output


def test_without_a_network_one_message(data_dir, monkeypatch):
    def unreachable(*arguments):
        raise OSError("Network is unreachable")

    monkeypatch.setattr("socket.getaddrinfo", unreachable)
    result = call("prepare", "isaac3d", "--quiet")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    path = data_dir / "isaac3d" / "downloads" / "Isaac3D_down128.zip"
    for text in ("Network is unreachable", "drive.google.com", str(path)):
        assert text in result.output
    assert "`sprites2d` need no download" in result.output


@pytest.mark.parametrize("error", ["small", "embedded"])
def test_mistakes_get_one_message(error, monkeypatch):
    if error == "small":
        result = call("prepare", "mpi3d", "--image-size", "4")
        assert "at least 8" in result.output
    else:
        result = call("prepare", "room3d")
        assert "is embedded" in result.output
    assert result.exit_code == 1


def test_json_for_scripts():
    known = json.loads(call("list", "--json").output)
    assert [each["name"] for each in known] == list(datasets.available())
    room3d = json.loads(call("info", "room3d", "--json").output)
    assert room3d in known
    assert room3d["state"] == "embedded"
    assert room3d["factors"]["orientation"] == 15
    assert room3d["num_images"] == 480_000


@pytest.mark.parametrize("has_factors", [True, False])
def test_info_of_a_folder_and_a_file(has_factors, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3), np.uint8)
    factors = np.arange(6)[:, None] % 3
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    content = {"images": images}
    if has_factors:
        rows = [f"{i}.png,{i % 3}" for i in range(6)]
        table = "\n".join(["file,factor_0", *rows])
        (folder / "factors.csv").write_text(table)
        content["factors"] = factors
    np.savez(tmp_path / "arrays.npz", **content)
    for path in (folder, tmp_path / "arrays.npz"):
        result = call("info", path, "--image-size", 16)
        assert result.exit_code == 0, result.output
        assert "6, here resized to 16x16x3" in result.output
        wanted = "factors     factor_0 3" if has_factors else "none known"
        assert wanted in result.output
        known = json.loads(call("info", path, "--json").output)
        assert known["image_shape"] == [64, 64, 3]
        assert known["factors"] == ({"factor_0": 3} if has_factors else {})
        data = datasets.load(str(path), image_size=64)
        assert known["fingerprint"] == data.fingerprint()


def test_a_name_that_is_nearly_right_is_offered():
    result = call("info", "shapes3")
    assert result.exit_code == 2
    assert "Did you mean 'shapes3d'" in result.output
