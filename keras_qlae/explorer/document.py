"""HTML files that need nothing beside them, and what they are made of."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence
from importlib.resources import files
from typing import Any
from typing import NamedTuple


class Section(NamedTuple):
    """A part of a page.

    Attributes:
        title: Its heading.
        html: A fragment of HTML that is trusted: figures as `data:` images,
            tables. It must not contain scripts.
        script: JavaScript that is run after the page's own, as a module.
    """

    title: str
    html: str
    script: str = ""


def document(title: str, sections: Sequence[Section], note: str = "") -> str:
    """The HTML of a page that is made of sections.

    It needs no file beside it and no network: its content policy forbids
    every request.

    Args:
        title: Its heading.
        sections: The parts.
        note: The last line.
    """
    parts = {"title": html.escape(title), "note": html.escape(note)}
    return fill("document.html", parts, bundle("theme.js"), sections)


def fill(
    template: str,
    parts: Mapping[str, str],
    script: str,
    sections: Sequence[Section],
    is_served: bool = False,
) -> str:
    """A template of `assets` with its parts, sections and scripts.

    Args:
        template: Name of the file.
        parts: The HTML for each `{{name}}` in it that is not filled here.
        script: The page's own, run first.
        sections: Parts of the page, after its own.
        is_served: Whether scripts may ask the server of the page.

    Raises:
        ValueError: HTML with a script in it, or a script that would end the
            element that it stands in.
    """
    own = (section.script for section in sections if section.script)
    scripts = list(dict.fromkeys([script, *own]))
    parts = {
        **parts,
        "style": asset("page.css"),
        "contents": _contents(sections),
        "sections": "\n".join(map(_section, range(len(sections)), sections)),
        "scripts": "\n".join(map(_script, scripts)),
        "policy": _policy(scripts, is_served),
    }
    return re.sub(
        r"\{\{(\w+)\}\}", lambda match: parts[match[1]], asset(template)
    )


def asset(name: str) -> str:
    """The text of a file of `assets`."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def bundle(*names: str) -> str:
    """Modules of `assets` as one, without their imports and exports."""
    code = "\n".join(map(asset, names))
    code = re.sub(r"^import .* from .*;\n", "", code, flags=re.MULTILINE)
    return re.sub(r"^export ", "", code, flags=re.MULTILINE)


def as_json(values: Any) -> str:
    """Values for a script or a block; `<` is written so that none ends it."""
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def json_block(name: str, values: Any) -> str:
    """Values in a block that scripts find under `data-<name>`."""
    text = as_json(values)
    return f'<script type="application/json" id="data-{name}">{text}</script>'


def bytes_block(name: str, content: bytes) -> str:
    """Bytes in a block that scripts find under `data-<name>`."""
    packed = gzip.compress(content, 9, mtime=0)  # the same bytes every time
    text = base64.b64encode(packed).decode()
    return f'<script type="text/plain" id="data-{name}">{text}</script>'


def data_url(kind: str, content: bytes) -> str:
    """A file, such as an `"image/png"`, as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _script(code: str) -> str:
    if re.search(r"</script|<!--", code, re.IGNORECASE):
        raise ValueError(
            "A script in the page must contain neither `</script` nor `<!--`, "
            "which would end it: write `<\\/script`. "
            f"Received: {code[:60]!r}"
        )
    return f'<script type="module">{code}</script>'


def _policy(scripts: Sequence[str], is_served: bool) -> str:
    """Lets the page's own scripts run, by their hash, and nothing else."""
    hashes = " ".join(f"'sha256-{_digest(code)}'" for code in scripts)
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
