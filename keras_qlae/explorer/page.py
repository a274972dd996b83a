"""The page as one HTML file, put together of the files in `assets`."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any
from typing import NamedTuple

from keras_qlae.explorer.content import Content
from keras_qlae.explorer.content import describe
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
_LARGEST = 100_000_000  # bytes: what browsers open without trouble
_INTRODUCTION = (
    "Every thumbnail is the image with one latent set to another value. "
    "Choose one, or move a slider: Tab goes to the next, arrow keys step."
)
_FREQUENCY = " Bars below thumbnails: how often a value occurs."
_NMI = (
    " Bars beside a latent: the share of the factor above that it tells "
    "(normalized mutual information, NMI)."
)


class Section(NamedTuple):
    """A part of the page below the explorer.

    Attributes:
        title: Its heading.
        html: A fragment of HTML that is trusted: figures as `data:` images,
            tables. It must not contain scripts.
        script: JavaScript that is run after the page's own, as a module.
    """

    title: str
    html: str
    script: str = ""


def page(
    model: Any,
    content: Content | None = None,
    *,
    sections: Sequence[Section] = (),
    dtype: str = "float16",
    is_served: bool = False,
) -> str:
    """The HTML of the page on which a trained model is explored.

    The page needs no file beside it and no network: its content policy
    forbids every request.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        content: What to show beside the model: a dict, see `Content`.
        sections: Parts below the explorer, a report for example.
        dtype: How the weights are stored: `"float16"` (pixels within one
            grey level of the model's) or `"float32"` (within 1e-5, twice the
            size).
        is_served: Whether a server decodes and encodes, see `serve`; then
            the page holds no weights and any model will do.

    Returns:
        The text of the file.

    Raises:
        ValueError: A layer or latent that the page cannot compute, content
            that does not fit the model, or a page of more than 100 MB.
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
    title = content.get("title") or model.name
    scripts = [_bundle(is_served), *(s.script for s in sections if s.script)]
    parts = {
        "title": html.escape(title),
        "style": _asset("page.css"),
        "contents": _contents(sections),
        "introduction": _introduction(described.values),
        "sections": "\n".join(
            _section(i, section) for i, section in enumerate(sections)
        ),
        "note": _note(described.values, is_served),
        "data": "\n".join(
            [
                _json("run", {**described.values, "plan": plan}),
                *(_block(name, content) for name, content in blocks.items()),
            ]
        ),
        "scripts": "\n".join(map(_script, scripts)),
        "policy": _policy(scripts, is_served),
    }
    text = re.sub(
        r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html")
    )
    if len(text) > _LARGEST:
        raise ValueError(
            f"The page would have {len(text) / 1e6:.0f} MB, more than the "
            f"{_LARGEST / 1e6:.0f} MB that browsers open without trouble: "
            "serve it instead (`keras-qlae explore --serve`, "
            f"`explorer.serve`). Received: model={model.name!r}"
        )
    return text


def _model_parts(
    model: Any, dtype: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans and weights of the networks and the latent."""
    table = latent_table(model.latent)
    plan: dict[str, Any] = {"latent": table.rule}
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


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _bundle(is_served: bool) -> str:
    """The page's modules as one, without their imports and exports."""
    names = (("remote.js",) if is_served else _ENGINE) + _PROGRAM
    code = "\n".join(map(_asset, names))
    code = re.sub(r"^import .* from .*;\n", "", code, flags=re.MULTILINE)
    return re.sub(r"^export ", "", code, flags=re.MULTILINE)


def _script(code: str) -> str:
    _check_script(code)
    return f'<script type="module">{code}</script>'


def _check_script(code: str) -> None:
    if re.search(r"</script|<!--", code, re.IGNORECASE):
        raise ValueError(
            "A script in the page must contain neither `</script` nor `<!--`, "
            "which would end it: write `<\\/script`. "
            f"Received: {code[:60]!r}"
        )


def _json(name: str, values: dict[str, Any]) -> str:
    """Values in a block; `<` is written so that no name can end it."""
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="data-{name}">{text}</script>'


def _block(name: str, content: bytes) -> str:
    packed = gzip.compress(content, 9, mtime=0)  # the same bytes every time
    text = base64.b64encode(packed).decode()
    return f'<script type="text/plain" id="data-{name}">{text}</script>'


def _policy(scripts: Sequence[str], is_served: bool) -> str:
    """Lets the page's own scripts run, by their hash, and nothing else."""
    hashes = " ".join(
        f"'sha256-{_digest(code)}'" for code in dict.fromkeys(scripts)
    )
    connect = "; connect-src 'self'" if is_served else ""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "style-src 'unsafe-inline'; img-src data: blob:; "
        f"script-src {hashes} 'wasm-unsafe-eval'{connect}"
    )


def _digest(code: str) -> str:
    digest = hashlib.sha256(code.encode()).digest()
    return base64.b64encode(digest).decode()


def _contents(sections: Sequence[Section]) -> str:
    if not sections:
        return ""
    links = "\n".join(
        f'<a href="#section-{i}">{html.escape(section.title)}</a>'
        for i, section in enumerate(sections)
    )
    return f'<nav aria-label="Sections">\n{links}\n</nav>'


def _section(number: int, section: Section) -> str:
    if re.search(r"<script", section.html, re.IGNORECASE):
        raise ValueError(
            "The HTML of a section must contain no script: give it as "
            f"`script`. Received: section {section.title!r}"
        )
    name = f"section-{number}"
    return (
        f'<section class="card section" id="{name}" '
        f'aria-labelledby="{name}-title"><h2 id="{name}-title">'
        f"{html.escape(section.title)}</h2>{section.html}</section>"
    )


def _introduction(values: dict[str, Any]) -> str:
    has_counts = any(each["counts"] for each in values["latents"])
    has_nmi = values["nmi"] is not None
    return _INTRODUCTION + _FREQUENCY * has_counts + _NMI * has_nmi


def _note(values: dict[str, Any], is_served: bool) -> str:
    number: int = values["numImages"]
    counted = f"Frequencies and ranges are those of {number:,} images. "
    where = (
        "Images are decoded by the model on the server of this page."
        if is_served
        else "Images are decoded in this page: it works without a network."
    )
    return counted * (number > 0) + where
