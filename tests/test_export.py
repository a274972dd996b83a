"""Exported models give the numbers of the model, without this package."""

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import keras_qlae
from keras_qlae import layers
from keras_qlae import models
from keras_qlae import networks
from tests.models import small
from tests.subprocesses import ROOT
from tests.subprocesses import run_python

BACKEND = keras.backend.backend()
BLOCKS = {"blocks": [(4, 4, 2)], "dense_units": [6], "seed": 0}
NUM_IMAGES = 10_000
ENCODE_FOLDER = ROOT / "docs" / "encode_folder.py"

TENSORFLOW_ONLY = """
import sys
sys.modules["keras"] = sys.modules["keras_qlae"] = None  # cannot be imported
import numpy as np
import tensorflow as tf
folder, data, out = sys.argv[1:]
images = np.load(data)
loaded = tf.saved_model.load(folder)
results = {}
for name, batch in (
    ("encode", images / np.float32(255)), ("encode_uint8", images)
):
    outputs = loaded.signatures[name](images=tf.constant(batch))
    results |= {f"{name}/{k}": v.numpy() for k, v in outputs.items()}
one = loaded.signatures["serving_default"](
    images=tf.constant(images[:1] / np.float32(255))
)
results["one"] = one["latents"].numpy()
np.savez(out, **results)
"""


def gan():
    latent = layers.ScalarCodebookQuantizer(3, [2, 3, 4])
    return models.InfoWGANGP(
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **BLOCKS),
        networks.image_trunk((8, 8, 1), latent.num_inputs, **BLOCKS),
        latent,
        seed=1,
    )


def is_ambiguous(latents, codebooks):
    """Where the two nearest values are as good as equally near."""
    masks = []
    for column, codebook in zip(latents.T, codebooks, strict=True):
        near = np.sort(np.abs(column[:, None] - codebook), axis=1)
        masks.append(near[:, 1] - near[:, 0] <= 2e-5)
    return np.stack(masks, axis=1)


def assert_encodes_like(model, images, outputs):
    latents = model.encode(images)
    np.testing.assert_allclose(outputs["latents"], latents, atol=1e-5)
    codes = model.codes(images)
    unclear = is_ambiguous(latents, model.latent.codebooks)
    assert outputs["codes"].dtype == "int32"
    np.testing.assert_array_equal(outputs["codes"][~unclear], codes[~unclear])
    assert unclear.mean() < 0.01
    values = keras.ops.convert_to_numpy(model.latent.values(outputs["codes"]))
    np.testing.assert_allclose(outputs["quantized"], values, atol=1e-6)


@pytest.fixture(scope="module")
def model():
    return small.small_autoencoder()


@pytest.mark.slow
@pytest.mark.parametrize("make", [small.small_autoencoder, gan])
def test_saved_model_needs_tensorflow_only(make, tmp_path):
    if make is gan and BACKEND == "torch":
        pytest.skip("takes the way of the autoencoder")
    model = make()
    images = small.integer_images(NUM_IMAGES)
    np.save(tmp_path / "images.npy", images)
    path = keras_qlae.export_model(
        model, tmp_path / "encoder", metadata={"factor_names": ["a"]}
    )
    run_python(
        TENSORFLOW_ONLY, path, tmp_path / "images.npy", tmp_path / "out.npz"
    )
    results = np.load(tmp_path / "out.npz")
    for name in ("encode", "encode_uint8"):
        outputs = {
            k: results[f"{name}/{k}"] for k in ("latents", "quantized", "codes")
        }
        assert_encodes_like(model, images, outputs)
    np.testing.assert_allclose(
        results["one"], model.encode(images[:1]), atol=1e-5
    )
    metadata = json.loads((path / "metadata.json").read_text())
    assert metadata["backend"] == BACKEND
    assert metadata["factor_names"] == ["a"]
    assert metadata["versions"]["keras"] == keras.__version__
    assert list(metadata["signatures"]) == ["encode", "encode_uint8"]
    np.testing.assert_allclose(
        metadata["codebooks"][1], model.latent.codebooks[1]
    )


@pytest.mark.slow
def test_onnx_gives_the_same(model, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    path = keras_qlae.export_model(
        model, tmp_path / "onnx", part="autoencoder", format="onnx"
    )

    def run(name, **inputs):
        session = onnxruntime.InferenceSession(path / f"{name}.onnx")
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, inputs), strict=True))

    images = small.integer_images(NUM_IMAGES)
    floats = images / np.float32(255)
    assert_encodes_like(model, images, run("encode", images=floats))
    assert_encodes_like(model, images, run("encode_uint8", images=images))
    codes = model.codes(images[:7])
    rebuilt = model.reconstruct(images[:7])
    decoded = run("decode_codes", codes=codes)["images"]
    np.testing.assert_allclose(decoded, rebuilt, atol=1e-5)
    again = run("reconstruct", images=floats[:7])["reconstructions"]
    np.testing.assert_allclose(again, rebuilt, atol=1e-5)
    assert json.loads((path / "metadata.json").read_text())["opset"] == 18


@pytest.mark.skipif(BACKEND != "tensorflow", reason="the writer is the same")
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_litert_gives_the_same(model, tmp_path):
    import tensorflow as tf

    path = keras_qlae.export_model(
        model, tmp_path / "lite", part="autoencoder", format="litert"
    )
    interpreter = tf.lite.Interpreter(str(path / "model.tflite"))
    images = small.integer_images(100)
    encode = interpreter.get_signature_runner("encode_uint8")
    assert_encodes_like(model, images, encode(images=images))
    decode = interpreter.get_signature_runner("decode_codes")
    np.testing.assert_allclose(
        decode(codes=model.codes(images[:5]))["images"],
        model.reconstruct(images[:5]),
        atol=1e-5,
    )


@pytest.mark.skipif(BACKEND != "tensorflow", reason="the writer is the same")
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize(
    "latent",
    [
        layers.VectorQuantizer(3, 5, 2, seed=0),
        layers.FiniteScalarQuantizer(3, 5),
        layers.TotalCorrelationLatent(3, 64, 100),
    ],
    ids=lambda latent: type(latent).__name__,
)
def test_litert_supports_every_kind_of_latent(latent, tmp_path):
    import tensorflow as tf

    model = small.small_autoencoder(latent)
    path = keras_qlae.export_model(
        model, tmp_path / "lite", part="autoencoder", format="litert"
    )
    interpreter = tf.lite.Interpreter(str(path / "model.tflite"))
    images = small.integer_images(20)
    outputs = interpreter.get_signature_runner("encode_uint8")(images=images)
    codes = model.codes(images)
    np.testing.assert_allclose(outputs["codes"], codes, atol=1e-5)
    values = keras.ops.convert_to_numpy(latent.values(codes))
    np.testing.assert_allclose(outputs["quantized"], values, atol=1e-5)
    decode = interpreter.get_signature_runner("decode_codes")
    np.testing.assert_allclose(
        decode(codes=codes)["images"], model.decode_codes(codes), atol=1e-5
    )


@pytest.mark.skipif(BACKEND == "torch", reason="needs a second process")
@pytest.mark.parametrize("latent", ["quantized", "continuous"])
def test_decoder(latent, tmp_path):
    import tensorflow as tf

    continuous = layers.ContinuousLatent(3) if latent == "continuous" else None
    model = small.small_autoencoder(continuous)
    path = keras_qlae.export_model(model, tmp_path / "decoder", "decoder")
    loaded = tf.saved_model.load(str(path))
    codes = model.codes(small.integer_images(4))
    values = keras.ops.convert_to_numpy(model.latent.values(codes))
    images = model.decode_codes(codes)
    for name, inputs in (
        ("decode_codes", {"codes": tf.constant(codes)}),
        ("decode", {"values": tf.constant(values)}),
    ):
        outputs = loaded.signatures[name](**inputs)
        np.testing.assert_allclose(outputs["images"].numpy(), images, atol=1e-6)
    assert images.min() >= 0
    assert images.max() <= 1


@pytest.mark.skipif(BACKEND == "torch", reason="Keras cannot")
@pytest.mark.parametrize("make", [small.small_autoencoder, gan])
def test_keras_export_works_on_a_model_never_called(make, tmp_path):
    import tensorflow as tf

    model = make()
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    inputs = np.full((3, *model.call_shape), 0.5, "float32")
    np.testing.assert_allclose(
        loaded.serve(inputs).numpy(),
        keras.ops.convert_to_numpy(model(inputs)),
        atol=1e-5,
    )


@pytest.mark.skipif(BACKEND != "torch", reason="Keras can")
def test_keras_export_says_what_to_use_on_torch(model, tmp_path):
    with pytest.raises(ValueError, match=r"use `keras_qlae\.export_model"):
        model.export(tmp_path / "saved")


def write_pictures(folder, images):
    """As PNG, and coloured ones as PNG, GIF and BMP; a grey BMP too."""
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{i}.png")
    coloured = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    for suffix in ("png", "gif", "bmp"):
        Image.fromarray(coloured).save(folder / f"coloured.{suffix}")
    Image.fromarray(images[0, ..., 0]).save(folder / "grey.bmp")


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="the folder is the same")
def test_folder_of_images_to_csv(tmp_path):
    model = small.small_autoencoder()  # of images of one channel
    path = keras_qlae.export_model(model, tmp_path / "encoder")
    pictures, output = tmp_path / "pictures", tmp_path / "codes.csv"
    write_pictures(pictures, small.integer_images(5))
    own = ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL")
    done = subprocess.run(
        [sys.executable, ENCODE_FOLDER, path, pictures, output],
        env={k: v for k, v in os.environ.items() if k not in own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == done.stderr == ""
    header, *rows = output.read_text().split()
    assert header == "image,latent_0,latent_1,latent_2"
    files = sorted(pictures.iterdir())
    assert len(files) == 9
    greys = [pixels(file, "L") for file in files]
    codes = model.codes(np.stack(greys)[..., None])
    assert rows == [
        ",".join(map(str, [file.name, *row]))
        for file, row in zip(files, codes.tolist(), strict=True)
    ]
    (pictures / "5.png").write_text("no image")
    before = output.read_text()
    with pytest.raises(Exception, match="Unknown image file format"):
        encode_folder().main(str(path), pictures, output)
    assert output.read_text() == before
    assert {p.name for p in tmp_path.iterdir()} == {
        "codes.csv",
        "encoder",
        "pictures",
    }


@pytest.mark.skipif(BACKEND != "tensorflow", reason="no backend in it")
def test_folder_of_images_for_an_encoder_of_colours(tmp_path):
    write_pictures(tmp_path / "pictures", small.integer_images(1))
    for file in sorted((tmp_path / "pictures").iterdir()):
        image = encode_folder().read_image(file, 8, 8, 3)
        np.testing.assert_array_equal(image, pixels(file, "RGB"))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="no backend in it")
def test_a_folder_is_resized_as_in_training(tmp_path):
    """Exactly, since a difference of one level may give another code."""
    rng = np.random.default_rng(0)
    for i, suffix in enumerate(("png", "jpg", "bmp", "jpg")):
        shape = [(40, 30, 3), (9, 50, 3), (7, 5, 3), (64, 64, 3)][i]
        image = Image.fromarray(rng.integers(0, 256, shape, np.uint8))
        image.save(tmp_path / f"{i}.{suffix}")
    trained = keras_qlae.datasets.from_folder(tmp_path, image_size=16)
    read = [
        encode_folder().read_image(file, 16, 16, 3)
        for file in sorted(tmp_path.iterdir())
    ]
    np.testing.assert_array_equal(np.stack(read), trained.images(range(4)))


def pixels(file, mode):
    with Image.open(file) as image:
        return np.asarray(image.convert(mode))


def encode_folder():
    spec = importlib.util.spec_from_file_location("folder", ENCODE_FOLDER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_earlier_export_is_replaced_and_nothing_else(model, tmp_path):
    if BACKEND == "torch":
        pytest.skip("needs a second process")
    path = keras_qlae.export_model(model, tmp_path / "encoder")
    keras_qlae.export_model(model, path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="is not an export"):
        keras_qlae.export_model(model, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.tex").exists()
    # Something of the user's in an export, or beside a text that says it is.
    (path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="is not an export"):
        keras_qlae.export_model(model, path)
    metadata = {"signatures": {}, "files": []}
    (tmp_path / "other" / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(FileExistsError, match="is not an export"):
        keras_qlae.export_model(model, tmp_path / "other")
    assert (path / "thesis.tex").exists()
    assert (tmp_path / "other" / "thesis.tex").exists()


def test_a_full_or_read_only_disk_is_said_with_the_path(
    model, tmp_path, monkeypatch
):
    """Before a library fails midway, with a traceback of its own."""
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=9))
        with pytest.raises(OSError, match=r"Cannot write .*mine: No space"):
            keras_qlae.export_model(model, tmp_path / "mine")
    mkdir = Path.mkdir

    def refuse(path, *args, **kwargs):
        if ".partial" in path.name:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        mkdir(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match=r"Cannot write .*mine: Read-only"):
        keras_qlae.export_model(model, tmp_path / "mine")
    assert not list(tmp_path.iterdir())


def test_unknown_format_lists_those_of_the_backend(model, tmp_path):
    message = f"saved_model, onnx, litert on the {BACKEND} backend"
    with pytest.raises(ValueError, match=message):
        keras_qlae.export_model(model, tmp_path / "a", format="pickle")
    with pytest.raises(ValueError, match="encoder, decoder, autoencoder"):
        keras_qlae.export_model(model, tmp_path / "a", part="latent")


def test_missing_extra_gives_the_pip_line(model, tmp_path, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "tf2onnx" else find_spec(name),
    )
    with pytest.raises(ImportError, match=r"pip install 'keras-qlae\[onnx\]'"):
        keras_qlae.export_model(model, tmp_path / "a", format="onnx")


def test_model_of_another_kind_is_sent_to_keras(tmp_path):
    with pytest.raises(ValueError, match=r"has `model\.export\(path\)`"):
        keras_qlae.export_model(keras.Sequential(), tmp_path / "a")


class Lazy(models.image_model.ImageModel):
    """Its encoder is built when it is first called."""

    def __init__(self):
        super().__init__(layers.ScalarCodebookQuantizer(3, 4))
        self.encoder = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(3)]
        )
        self.decoder = keras.Sequential([keras.layers.Dense(64)])


def test_model_that_is_not_built(tmp_path):
    with pytest.raises(ValueError, match="The encoder is not built"):
        keras_qlae.export_model(Lazy(), tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("make", [models.Autoencoder, models.InfoWGANGP])
def test_networks_without_shapes_are_refused_at_once(make):
    lazy = Lazy()
    parts = (lazy.encoder, lazy.latent, lazy.decoder)
    if make is models.InfoWGANGP:
        parts = (lazy.decoder, lazy.encoder, lazy.latent)
    with pytest.raises(ValueError, match=r"is not built, .* functional model"):
        make(*parts)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="one process there")
def test_failure_of_the_other_process_is_reported(tmp_path):
    model = small.small_autoencoder(cls=Own)
    with pytest.raises(RuntimeError, match="must be importable there"):
        keras_qlae.export_model(model, tmp_path / "a", format="litert")
    assert not (tmp_path / "a").exists()


class Own(models.Autoencoder):
    """Not registered, so not known to another process."""
