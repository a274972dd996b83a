"""Compares published files with their published hashes."""

import hashlib
import warnings
from pathlib import Path

from keras_qlae.datasets.dataset_info import RawFile

CHUNK = 2**20


def verify(file: RawFile, path: Path, show_progress: bool) -> None:
    """Compares a file with its hash, if one is published.

    Another hash is a `ValueError`; for a file that is not `is_strict` a
    warning.
    """
    algorithm = "sha256" if file.sha256 else "md5"
    expected = file.sha256 or file.md5
    if not expected:
        return
    found = _hash(path, algorithm, show_progress)
    if found == expected:
        return
    received = (
        f"Received: {algorithm} {found} in place of {expected}, "
        f"{path.stat().st_size} bytes"
    )
    if file.is_strict:
        raise ValueError(
            f"{path} is not the published file, or is damaged: delete it and "
            f"get it again from {file.url}. {received}"
        )
    warnings.warn(
        f"{path} is not the published file. It is used nevertheless; look at "
        f"some images before you trust it. {received}",
        stacklevel=2,
    )


def _hash(path: Path, algorithm: str, show_progress: bool) -> str:
    from tqdm import tqdm

    digest = hashlib.new(algorithm)
    with (
        path.open("rb") as content,
        tqdm(
            desc=f"Checking {path.name}",
            total=path.stat().st_size,
            unit="B",
            unit_scale=True,
            disable=not show_progress,
        ) as bar,
    ):
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()
