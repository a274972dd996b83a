"""Checks that prepared pixels have not changed since they were written."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from keras_qlae.files import check_ordinary
from keras_qlae.files import read_json
from keras_qlae.files import write_json

BLOCK = 2**24  # bytes
_CHECKED = "checked.json"


def num_blocks(num_bytes: int) -> int:
    """The number of hashes for a file size."""
    return -(-num_bytes // BLOCK)


def block_hashes(path: Path) -> list[str]:
    """Hashes a file block by block, on all processors.

    A hash is the first half of the SHA-256, in hexadecimal digits.
    """
    from tqdm import tqdm

    starts = range(0, path.stat().st_size, BLOCK)
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(lambda start: _hash(path, start), starts)
        bar = tqdm(
            hashes,
            desc=f"Checking {path.name}",
            total=len(starts),
            unit_scale=BLOCK / 1e6,
            unit="MB",
            delay=2,
            disable=None,  # shown only on a terminal
            leave=False,
        )
        return list(bar)


def _hash(path: Path, start: int) -> str:
    with path.open("rb") as file:
        file.seek(start)
        return hashlib.sha256(file.read(BLOCK)).hexdigest()[:32]


def is_checked(path: Path, hashes: Sequence[str]) -> bool:
    """Whether the file was not touched since `mark_checked`."""
    try:
        check_ordinary(path.with_name(_CHECKED))
        known = read_json(path.with_name(_CHECKED))
    except (OSError, ValueError):
        return False
    return bool(known == _stamp(path, hashes))


def mark_checked(path: Path, hashes: Sequence[str]) -> None:
    """Records that a file has these hashes, if its folder can be written."""
    try:
        write_json(path.with_name(_CHECKED), _stamp(path, hashes))
    except OSError:
        return  # a folder of somebody else: it is checked every time


def _stamp(path: Path, hashes: Sequence[str]) -> dict[str, Any]:
    """Values that change with every change of a file, such as `ctime`."""
    stat = os.stat(path)
    return {
        "size": stat.st_size,
        "mtime": stat.st_mtime_ns,
        "ctime": stat.st_ctime_ns,
        "inode": stat.st_ino,
        "hashes": hashlib.sha256("".join(hashes).encode()).hexdigest(),
    }
