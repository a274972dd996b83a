"""Fails unless a tag is the version of the package.

python tools/check_version.py v1.2.3
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "keras_qlae" / "__init__.py"


def main(tag: str) -> None:
    """Compares the tag with `__version__`."""
    found = re.search(r'^__version__ = "(.+)"$', SOURCE.read_text(), re.M)
    version = found and found[1]
    if tag != f"v{version}":
        sys.exit(f"The tag is {tag}, but the version in {SOURCE} is {version}.")


if __name__ == "__main__":
    main(sys.argv[1])
