"""Opens every page of the built site in Chromium.

    make check-docs

Fails if a page requests an address outside the site, has a broken link or
anchor or an error, or if a public name has no page. Needs Chromium and
Playwright.
"""

import shutil
import sys
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urldefrag
from urllib.request import url2pathname

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
LINKS = """() => [...document.querySelectorAll('[href], [src]')]
    .map(each => each.href?.baseVal ?? each.href ?? each.src)"""
IDS = "() => [...document.querySelectorAll('[id]')].map(each => each.id)"


def main() -> None:
    """Prints all problems, and exits with 1 if there are any."""
    problems = list(missing_pages())
    links: dict[str, set[str]] = {}
    ids: dict[str, set[str]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium")
            or shutil.which("google-chrome")
        )
        page = browser.new_page()
        page.on("request", lambda each: problems.extend(outside(each.url)))
        page.on("pageerror", lambda error: problems.append(str(error)))
        for path in sorted(SITE.rglob("*.html")):
            if "_static" in path.parts:
                continue
            address = path.as_uri()
            page.goto(address)
            links[address] = set(page.evaluate(LINKS))
            ids[address] = set(page.evaluate(IDS))
        browser.close()
    for address, found in links.items():
        problems += [
            f"{address}: broken link {link}"
            for link in sorted(found)
            if link.startswith("file:") and not leads_somewhere(link, ids)
        ]
    for problem in sorted(set(problems)):
        print(problem)
    print(f"{len(links)} pages, {len(set(problems))} problems")
    sys.exit(bool(problems) or not links)


def outside(address: str) -> list[str]:
    """A problem, if an address is outside the site."""
    kept = address.startswith((SITE.as_uri(), "data:", "blob:"))
    return [] if kept else [f"a request to outside the site: {address}"]


def leads_somewhere(link: str, ids: dict[str, set[str]]) -> bool:
    """Whether the file exists, and has the anchor if it is a page."""
    address, anchor = urldefrag(link)
    path = Path(url2pathname(address.removeprefix("file://").split("?")[0]))
    if not path.exists():
        return False
    known = ids.get(path.as_uri())
    return not anchor or known is None or unquote(anchor) in known


def missing_pages() -> list[str]:
    """Public names that have no page."""
    sys.path.insert(0, str(ROOT / "docs"))
    from generated_text import public_names

    return [
        f"no page for {name}"
        for name in public_names()
        if not (SITE / "generated" / "api" / f"{name}.html").exists()
    ]


if __name__ == "__main__":
    main()
