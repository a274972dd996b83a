"""Fetches uPlot, which draws the curves of reports, and checks its hash.

    python tools/fetch_uplot.py

Needs npm. Writes the published files, their licence and their hashes (check
them with `sha512sum --check SHA512SUMS`) to `keras_qlae/explorer/assets/uplot`.
For another version change the two constants below: `npm view uplot@VERSION
dist.integrity` prints the second.
"""

import base64
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.6.32"
INTEGRITY = (
    "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMas"
    "NuGGzQm/ep3tOkyTxpiQIw=="
)
FILES = ("LICENSE", "dist/uPlot.iife.min.js", "dist/uPlot.min.css")
FOLDER = (
    Path(__file__).parents[1] / "keras_qlae" / "explorer" / "assets" / "uplot"
)


def published(archive: Path) -> dict[str, bytes]:
    """Reads the files of the npm archive.

    Returns:
        Their contents by name.

    Raises:
        ValueError: The hash of the archive is not `INTEGRITY`.
    """
    digest = hashlib.sha512(archive.read_bytes()).digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != INTEGRITY:
        raise ValueError(
            f"{archive.name} must have the hash {INTEGRITY}. Received: {found}"
        )
    contents = {}
    with tarfile.open(archive) as tar:
        for name in FILES:
            file = tar.extractfile(f"package/{name}")
            if file is None:
                raise ValueError(f"{archive.name} has no file {name}")
            contents[Path(name).name] = file.read()
    return contents


def main() -> None:
    """Writes the files."""
    with tempfile.TemporaryDirectory() as temporary:
        command = ["npm", "pack", f"uplot@{VERSION}", "--silent"]
        subprocess.run(command, cwd=temporary, check=True)
        contents = published(Path(temporary) / f"uplot-{VERSION}.tgz")
    FOLDER.mkdir(exist_ok=True)
    lines = []
    for name, content in contents.items():
        (FOLDER / name).write_bytes(content)
        lines.append(f"{hashlib.sha512(content).hexdigest()}  {name}\n")
    (FOLDER / "SHA512SUMS").write_text("".join(lines))


if __name__ == "__main__":
    main()
