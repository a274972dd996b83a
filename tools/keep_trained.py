"""Puts the trained model of a run into the package.

    python tools/keep_trained.py runs/qlae-room3d-0 qlae-room3d

The run keeps its settings, scores, codebooks and metrics; figures, checkpoints
and the state of the optimizer are left out. A model that would be too large is
compressed, with its kernels rounded to the precision of float16.
"""

import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np

import keras_qlae
from keras_qlae.runs import RunDirectory

TRAINED = Path(keras_qlae.__file__).parent / "trained"
MAX_BYTES = 2_000_000


def main(directory: str, name: str) -> None:
    """Copies the files that are kept, and the model without its optimizer."""
    import keras

    import keras_qlae.models  # noqa: F401 - registers the classes

    run = RunDirectory(directory)
    if not run.is_finished:
        sys.exit(f"{directory} is not a finished run.")
    kept = RunDirectory(TRAINED / name)
    shutil.rmtree(kept.path, ignore_errors=True)
    kept.path.mkdir(parents=True)
    for path in (run.config, run.metrics, run.scores, run.codebooks):
        if path.exists():
            shutil.copy(path, kept.path)
    model = keras.saving.load_model(run.model, compile=False)
    model.save(kept.model)
    if kept.model.stat().st_size > MAX_BYTES:
        for variable in model.variables:
            if variable.path.endswith("kernel"):
                variable.assign(np.float32(np.float16(variable)))
        model.save(kept.model)
        compress(kept.model)
    kept.seal()
    size = sum(path.stat().st_size for path in kept.path.iterdir())
    print(f"{kept.path}: {size:,} bytes")
    if size > MAX_BYTES:
        sys.exit(f"It must have at most {MAX_BYTES:,} bytes.")


def compress(path: Path) -> None:
    """Compresses the members of a ZIP archive, which Keras only stores."""
    with zipfile.ZipFile(path) as file:
        members = {info: file.read(info) for info in file.infolist()}
    with zipfile.ZipFile(
        path, "w", zipfile.ZIP_DEFLATED, compresslevel=9
    ) as file:
        for info, content in members.items():
            file.writestr(info.filename, content)


if __name__ == "__main__":
    main(*sys.argv[1:])
