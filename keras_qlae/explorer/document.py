"""HTML pages in a single file, and their parts."""

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
        html: A trusted fragment of HTML: figures as `data:` images, tables. It
            must not contain scripts.
        script: JavaScript that is run after that of the page, as a module.
    """

    title: str
    html: str
    script: str = ""


def document(title: str, sections: Sequence[Section], note: str = "") -> str:
    """Makes the HTML of a page of sections.

    The page needs no other file and no network: its content policy forbids
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
    """Fills a template of `assets` with parts, sections and scripts.

    `parts` is the HTML for each `{{name}}` in it that is not filled here. The
    script runs first; further sections come after the content of the template.
    If the page is served, scripts may send requests to its server.

    Raises `ValueError` if HTML contains a script, or a script contains text
    that would end its element.
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
    """Reads the text of a file of `assets`."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def bundle(*names: str) -> str:
    """Joins modules of `assets`, without their imports and exports."""
    code = "\n".join(map(asset, names))
    code = re.sub(r"^import .* from .*;\n", "", code, flags=re.MULTILINE)
    return re.sub(r"^export ", "", code, flags=re.MULTILINE)


def as_json(values: Any) -> str:
    """Values as JSON; `<` is escaped, so that no value ends the element."""
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def json_block(name: str, values: Any) -> str:
    """A block of values that scripts find as `data-<name>`."""
    text = as_json(values)
    return f'<script type="application/json" id="data-{name}">{text}</script>'


def bytes_block(name: str, content: bytes) -> str:
    """A block of bytes that scripts find as `data-<name>`."""
    packed = gzip.compress(content, 9, mtime=0)  # the same bytes every time
    text = base64.b64encode(packed).decode()
    return f'<script type="text/plain" id="data-{name}">{text}</script>'


def data_url(kind: str, content: bytes) -> str:
    """A file, such as an `"image/png"`, as a `data:` address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _script(code: str) -> str:
    if re.search(r"</script|<!--", code, re.IGNORECASE):
        raise ValueError(
            "A script in the page must not contain `</script` or `<!--`, "
            "which would end it: write `<\\/script`. "
            f"Received: {code[:60]!r}"
        )
    return f'<script type="module">{code}</script>'


def _policy(scripts: Sequence[str], is_served: bool) -> str:
    """Allows the scripts of the page, by their hash, and nothing else."""
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
            "The HTML of a section must not contain a script: pass it as "
            f"`script`. Received: section {section.title!r}"
        )
    name = f"section-{number}"
    return (
        f'<section class="card section" id="{name}" '
        f'aria-labelledby="{name}-title"><h2 id="{name}-title">'
        f"{html.escape(section.title)}</h2>{section.html}</section>"
    )
