"""Prints the oldest supported version of each requirement, for pip.

    python tools/oldest.py > build/oldest.txt
    make test-torch CONSTRAINTS=build/oldest.txt

The requirement `numpy>=2.0` becomes `numpy==2.0.*`: the newest patch release.
"""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = ("jax", "torch", "onnx")  # tools of the tests may be newer


def oldest(requirement: str) -> str:
    """Converts a requirement to a line of a constraints file."""
    found = re.match(r"([\w-]+)>=([\d.]+)(;|$)", requirement)
    if found is None:
        raise ValueError(
            "A requirement must have a lower bound, as in numpy>=2.0. "
            f"Received: {requirement!r}"
        )
    return f"{found[1]}=={found[2]}.*"


def main() -> None:
    """Prints a line for each requirement of the package and its extras."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"]]
    for extra in EXTRAS:
        named += extras[extra]
    for text in named:
        print(oldest(text))


if __name__ == "__main__":
    main()
