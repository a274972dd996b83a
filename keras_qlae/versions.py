"""Versions of installed libraries."""

import importlib
import importlib.metadata


def version_of(name: str) -> str:
    """Returns the version of a library, or "none" if it is not installed.

    If the distribution has another name, such as `tensorflow-cpu`, the version
    is read from the module.
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        try:
            module = importlib.import_module(name.replace("-", "_"))
        except ModuleNotFoundError:
            return "none"
        return str(module.__version__)
