"""Which versions of the libraries are installed."""

import importlib
import importlib.metadata


def version_of(name: str) -> str:
    """Version of a library; "none" if it is not installed.

    A library may come from a distribution of another name, as TensorFlow does
    from `tensorflow-cpu`: it is then asked itself.

    Args:
        name: Of the distribution, which is that of the module but for hyphens.
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        try:
            module = importlib.import_module(name.replace("-", "_"))
        except ModuleNotFoundError:
            return "none"
        return str(module.__version__)
