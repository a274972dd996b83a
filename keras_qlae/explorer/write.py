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
    """Writes a page on which a trained model is explored, one HTML file.

    It opens by double-click in any browser of 2023 or later, with no server,
    no Python and no network: decoder and encoder run in the page. It shows
    a control for each latent and the images of all its values, and encodes
    pictures that are dropped on it.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        path: Where to write it; what is there is replaced.
        sections: Parts below the explorer, a report for example.
        dtype: How the weights are stored: `"float16"` (pixels within one
            grey level of the model's) or `"float32"` (within 1e-5, twice the
            size).
        **content: `images`, `factors`, `factor_names`, `nmi`, `is_active`,
            `scores`, `title`, `about`, `num_samples`: see `Content`. The
            images shown, 12 unless `num_samples` says otherwise, stand in
            the file: whoever gets it has them.

    Returns:
        The path.

    Raises:
        ValueError: A layer or latent that the page cannot compute (names it;
            `serve` can show any model), content that does not fit the model,
            or a page of more than 100 MB.
        OSError: The file cannot be written.
    """
    path = Path(path)
    write_text(path, page(model, content, sections=sections, dtype=dtype))
    return path
