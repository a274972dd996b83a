"""Makes the page as one HTML file from the files in `assets`."""

import html
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from keras_qlae.explorer.content import Content
from keras_qlae.explorer.content import describe
from keras_qlae.explorer.document import Section
from keras_qlae.explorer.document import bundle
from keras_qlae.explorer.document import bytes_block
from keras_qlae.explorer.document import fill
from keras_qlae.explorer.document import json_block
from keras_qlae.explorer.latent import latent_table
from keras_qlae.explorer.network import network_of

_ENGINE = ("memory.js", "steps.js", "network.js", "model.js")
_PROGRAM = (
    "elements.js",
    "latents.js",
    "pictures.js",
    "controls.js",
    "table.js",
    "page.js",
)
_LARGEST = 100_000_000  # bytes that browsers open without problems
_INTRODUCTION = (
    "Each thumbnail shows the image with one latent set to another value. "
    "Choose one, or move a slider: Tab selects the next, arrow keys move it."
)
_FREQUENCY = " Bars below thumbnails: how often a value occurs."
_NMI = (
    " Bar beside a latent: its normalized mutual information (NMI) with the "
    "factor above."
)


def page(
    model: Any,
    content: Content | None = None,
    *,
    sections: Sequence[Section] = (),
    dtype: str = "float16",
    is_served: bool = False,
) -> str:
    """Makes the HTML of a page to explore a trained model.

    The page needs no other file and no network: its content policy forbids
    every request.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        content: What to show with the model: a dict, see `Content`.
        sections: Sections below the explorer, such as a report.
        dtype: How the weights are stored: `"float16"` (pixels within one
            grey level of the model's) or `"float32"` (within 1e-5, twice the
            size).
        is_served: Whether a server decodes and encodes, see `serve`. Then the
            page has no weights, and every model works.

    Returns:
        The text of the file.

    Raises:
        ValueError: The page cannot compute a layer or latent, content does
            not fit the model, or the page would have more than 100 MB.
    """
    content = content or {}
    described = describe(model, content)
    plan: dict[str, Any] = {"isDiscrete": model.latent.is_discrete}
    blocks: dict[str, bytes] = {}
    if described.seen is not None:
        blocks["seen"] = described.seen
    if not is_served:
        own_plan, own_blocks = _model_parts(model, dtype)
        plan |= own_plan
        blocks |= own_blocks
    parts = {
        "title": html.escape(content.get("title") or model.name),
        "introduction": _introduction(described.values),
        "note": _note(described.values, is_served),
        "data": "\n".join(
            [
                json_block("run", {**described.values, "plan": plan}),
                *(bytes_block(name, block) for name, block in blocks.items()),
            ]
        ),
    }
    engine = ("remote.js",) if is_served else _ENGINE
    script = bundle("theme.js", *engine, *_PROGRAM)
    text = fill("page.html", parts, script, sections, is_served)
    if len(text) > _LARGEST:
        raise ValueError(
            f"The page would have {len(text) / 1e6:.0f} MB, more than the "
            f"{_LARGEST / 1e6:.0f} MB that browsers open without problems: "
            "serve it instead (`keras-qlae explore --serve`, "
            f"`explorer.serve`). Received: model={model.name!r}"
        )
    return text


def _model_parts(
    model: Any, dtype: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The plans and weights of the networks and the latent."""
    table = latent_table(model.latent)
    plan: dict[str, Any] = {
        "latent": table.rule,
        "likelihood": model.likelihood,
    }
    blocks = {
        "gemm": (files(__package__) / "assets" / "gemm.wasm").read_bytes()
    }
    if table.values is not None:
        blocks["table"] = table.values.astype("<f4").tobytes()
    for name in ("decoder", "encoder"):
        network = network_of(getattr(model, name), dtype)
        plan[name] = network.plan
        blocks[name] = network.weights
    return plan, blocks


def _introduction(values: dict[str, Any]) -> str:
    has_counts = any(each["counts"] for each in values["latents"])
    has_nmi = values["nmi"] is not None
    return _INTRODUCTION + _FREQUENCY * has_counts + _NMI * has_nmi


def _note(values: dict[str, Any], is_served: bool) -> str:
    number: int = values["numImages"]
    counted = f"Frequencies and ranges are from {number:,} images. "
    where = (
        "The server of this page decodes images with the model."
        if is_served
        else "This page decodes images itself, and works without a network."
    )
    return counted * (number > 0) + where
