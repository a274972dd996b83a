"""Fetches uPlot, which draws the curves of reports, and checks its hash.

    python tools/fetch_uplot.py

Needs npm. Writes the files as they are published, with their licence and
their own hashes (`sha512sum --check SHA512SUMS`), to
`keras_qlae/explorer/assets/uplot`. For another version change the two
constants: `npm view uplot@VERSION dist.integrity` says the second.
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
    """The files of the npm archive by their names.

    Raises:
        ValueError: It is not the archive that is pinned here.
    """
    digest = hashlib.sha512(archive.read_bytes()).digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != INTEGRITY:
        raise ValueError(
            f"{archive.name} is not the archive that is pinned. "
            f"Expected {INTEGRITY}. Received: {found}"
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
