"""Parts of pages as HTML: tables and pictures. All text is escaped."""

import html
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from keras_qlae.explorer.document import bundle
from keras_qlae.explorer.document import data_url


class Cell(NamedTuple):
    """A cell of a table.

    Attributes:
        text: Its text.
        value: The value for sorting; `None` sorts last. Defaults to the text.
        is_bold: Whether it is bold.
        interval: Start, mark and end of a bar below the text, in `[0, 1]`.
        link: The address to which the text links.
    """

    text: str
    value: float | str | None = ""
    is_bold: bool = False
    interval: tuple[float, float, float] | None = None
    link: str | None = None


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    is_sortable: bool = False,
) -> str:
    """Makes a table that scrolls if it is too wide.

    If it is sortable, headings are buttons, and the page needs `sorting` as a
    script.
    """
    tag = '<th scope="col" aria-sort="none"><button type="button">{}</button>'
    tag = tag if is_sortable else '<th scope="col">{}'
    top = "".join(tag.format(html.escape(name)) + "</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    kind = ' class="sortable"' if is_sortable else ""
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
        f"<table{kind}><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def sorting() -> str:
    """Returns the script that sorts tables."""
    return bundle("sorting.js")


def picture(title: str, kind: str, content: bytes) -> str:
    """Makes a picture, such as an `"image/png"`, with its title below it."""
    text = html.escape(title)
    return (
        f'<figure class="picture"><img alt="{text}" '
        f'src="{data_url(kind, content)}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        cell = Cell(cell)
    inner = html.escape(cell.text)
    if cell.link is not None:
        inner = f'<a href="{html.escape(cell.link)}">{inner}</a>'
    if cell.is_bold:
        inner = f"<b>{inner}</b>"
    if cell.interval is not None:
        places = zip(("from", "at", "to"), cell.interval, strict=True)
        style = "; ".join(f"--{name}: {100 * x:.1f}%" for name, x in places)
        inner += f'<i class="interval" style="{style}"></i>'
    value = cell.text if cell.value == "" else cell.value
    data = "" if value is None else f' data-value="{html.escape(str(value))}"'
    return f"<td{data}>{inner}</td>"
