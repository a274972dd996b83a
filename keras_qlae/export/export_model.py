"""Writes a trained model for use without this package."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from keras_qlae.export.finite import check_finite
from keras_qlae.export.formats import FORMATS
from keras_qlae.export.formats import OPSET
from keras_qlae.export.formats import check_format
from keras_qlae.export.on_tensorflow import write_on_tensorflow
from keras_qlae.export.signatures import signatures_of
from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.models.image_model import ImageModel
from keras_qlae.versions import version_of

PARTS = ("encoder", "decoder", "autoencoder")
_METADATA = "metadata.json"
_BYTES = 4  # of a weight


def export_model(
    model: Any,
    path: Path | str,
    part: str = "encoder",
    format: str = "saved_model",
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Writes a part of a model to a folder that works without `keras_qlae`.

    The signatures, for any batch size:

    - `encode`: from `images`, float32 in `[0, 1]`, to `latents` (before the
      latent space), `quantized` (what the decoder reads) and `codes`;
    - `encode_uint8`: the same for uint8 `images`;
    - `decode`: from `values`, float32 like `quantized`, to `images` in
      `[0, 1]`;
    - `decode_codes`: the same for `codes`, int32 (float32 if continuous);
    - `reconstruct`: from `images`, float32 in `[0, 1]`, to `reconstructions`
      and the outputs of `encode`;
    - `reconstruct_uint8`: the same for uint8 `images`.

    Of a model of vectors, `images` are vectors, `(batch, width)` in the units
    of the data, and there are no functions of uint8.

    `"encoder"` has the first two, `"decoder"` the next two, `"autoencoder"`
    all. The `serving_default` of the SavedModel is the first signature of the
    part; for the autoencoder it is `reconstruct`.

    Formats: `"saved_model"`, for TensorFlow and TensorFlow Serving;
    `"onnx"`, one file `<signature>.onnx` each; `"litert"`, one
    `model.tflite`. On TensorFlow and JAX, the backend in use writes a
    SavedModel (which on JAX runs on the platform where it was exported, CPU
    or GPU). Everything else is written by TensorFlow, on another backend in a
    separate process; classes of your own must then be in an installed
    package.

    `metadata.json` in the folder has the signatures, shapes, versions,
    codebooks and the list of files. The folder is written completely or not
    at all. An earlier export is replaced if the folder has nothing else.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        path: The folder to write.
        part: `"encoder"`, `"decoder"` or `"autoencoder"`.
        format: `"saved_model"`, `"onnx"` or `"litert"`.
        metadata: Further plain values for `metadata.json`, such as names of
            the factors and scores.

    Returns:
        The path.

    Raises:
        ValueError: The part or format is unknown, or the model is of another
            kind, not built, or has weights that are not finite.
        ImportError: A library that the format needs is not installed.
        FileExistsError: `path` has something that is not from an export.
        OSError: The disk is full or read-only.
        RuntimeError: The process on TensorFlow failed.
    """
    path = Path(path)
    check_format(format)
    if part not in PARTS:
        raise ValueError(
            f"`part` must be one of {', '.join(PARTS)}. Received: part={part!r}"
        )
    _check_model(model)
    _check_place(path)
    # Libraries that cannot write fail midway, with messages of many lines.
    with replacing(path, size=_BYTES * model.count_params()) as folder:
        folder.mkdir()
        folder.rmdir()
        if FORMATS[format].is_native:
            FORMATS[format].write(model, part, folder)
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_on_tensorflow(model, part, format, folder)
        files = sorted(str(p.relative_to(folder)) for p in _files_in(folder))
        described = _describe(model, part, format) | {"files": files}
        write_json(folder / _METADATA, {**described, **(metadata or {})})
    return path


def _check_model(model: Any) -> None:
    if not isinstance(model, ImageModel):
        raise ValueError(
            "`model` must be an `Autoencoder` or `InfoWGANGP`; any other "
            "Keras model has `model.export(path)`. "
            f"Received: model of type {type(model).__name__}"
        )
    for name in ("encoder", "latent", "decoder"):
        if not getattr(model, name).built:
            raise ValueError(
                f"The {name} is not built, so it has no weights to export: "
                "call it once, or train the model. "
                f"Received: model={model.name!r}"
            )
    check_finite(model)


def _check_place(path: Path) -> None:
    """Raises unless the path is free, or holds an export and nothing else."""
    if not path.exists() and not path.is_symlink():
        return
    if path.is_dir() and not path.is_symlink():
        written = _files_of_export(path)
        there = {str(file.relative_to(path)) for file in _files_in(path)}
        if there <= written:
            return
    raise FileExistsError(
        f"{path} exists and is not an export: choose another path. Nothing "
        "in it was changed."
    )


def _files_of_export(path: Path) -> set[str]:
    """The files that `metadata.json` lists, and itself."""
    try:
        listed = read_json(path / _METADATA)["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {_METADATA, *map(str, listed)} if isinstance(listed, list) else set()


def _files_in(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if not file.is_dir())


def _describe(model: ImageModel, part: str, format: str) -> dict[str, Any]:
    latent = model.latent
    codebooks = getattr(latent, "codebooks", None)
    backend = keras.backend.backend()
    libraries = dict.fromkeys(
        [
            *("keras-qlae", "keras", "tensorflow", backend),
            *FORMATS[format].requires,
        ]
    )
    return {
        "format": format,
        "part": part,
        **({"opset": OPSET} if format == "onnx" else {}),
        "model": type(model).__name__,
        "latent": type(latent).__name__,
        "backend": backend,
        "versions": {name: version_of(name) for name in libraries},
        "image_shape": list(model.image_shape),
        "num_latents": latent.num_latents,
        "is_discrete": latent.is_discrete,
        "codebooks": codebooks and [c.tolist() for c in codebooks],
        "signatures": {
            name: {"shape": [None, *signature.shape], "dtype": signature.dtype}
            for name, signature in signatures_of(model, part).items()
        },
    }
