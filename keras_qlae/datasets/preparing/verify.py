"""Compares published files with their published hashes."""

import hashlib
import warnings
from pathlib import Path

from keras_qlae.datasets.dataset_info import RawFile


def verify(file: RawFile, path: Path) -> None:
    """Compares a file with its hash, where one is published.

    Args:
        file: What is known of it. A file that is not `is_strict` is used with
            another hash, after a warning.
        path: Where it is.

    Raises:
        ValueError: If the hash of a strict file differs.
    """
    algorithm = "sha256" if file.sha256 else "md5"
    expected = file.sha256 or file.md5
    if not expected:
        return
    with path.open("rb") as content:
        found = hashlib.file_digest(content, algorithm).hexdigest()
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
