"""Writes the page of a model to a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import Unpack

from keras_qlae.explorer.content import Content
from keras_qlae.explorer.document import Section
from keras_qlae.explorer.page import page
from keras_qlae.files import write_text


def write(
    model: Any,
    path: Path | str,
    *,
    sections: Sequence[Section] = (),
    dtype: str = "float16",
    **content: Unpack[Content],
) -> Path:
    """Writes a page to explore a trained model, as one HTML file.

    It opens by double-click in any browser of 2023 or later, without a server,
    Python or a network: decoder and encoder run in the page. It shows a
    control for each latent and the images of all its values. It also encodes
    pictures that are dropped on it.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        path: The file; an existing file is replaced.
        sections: Sections below the explorer, such as a report.
        dtype: How the weights are stored: `"float16"` (pixels within one
            grey level of the model's) or `"float32"` (within 1e-5, twice the
            size).
        **content: `images`, `factors`, `factor_names`, `nmi`, `is_active`,
            `scores`, `title`, `about`, `num_samples`: see `Content`. The file
            contains the held-out images that it shows, 12 by default
            (`num_samples`): whoever gets the file gets these images.

    Returns:
        The path.

    Raises:
        ValueError: The page cannot compute a layer or latent (the message
            names it; `serve` can show any model), content does not fit the
            model, or the page would have more than 100 MB.
        OSError: The file cannot be written.
    """
    path = Path(path)
    write_text(path, page(model, content, sections=sections, dtype=dtype))
    return path
