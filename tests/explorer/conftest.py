"""Pages in Chromium, driven by Playwright."""

import pytest

from keras_qlae import explorer
from tests.explorer.browser import CHROMIUM
from tests.explorer.browser import settle
from tests.explorer.browser import sync_playwright


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a model's page, or a file, when it is ready."""
    contexts = []

    def open_page(model, address="", before="", dtype="float32", **content):
        path = model
        if not hasattr(path, "as_uri"):
            path = explorer.write(
                model, tmp_path / "page.html", dtype=dtype, **content
            )
        context = browser.new_context(
            offline=True, viewport={"width": 1280, "height": 800}
        )
        contexts.append(context)
        page = context.new_page()
        page.path, page.problems, page.requests = path, [], []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda line: note(page, line))
        page.on("request", lambda asked: page.requests.append(asked.url))
        if before:
            page.add_init_script(before)
        page.goto(path.as_uri() + address)
        settle(page)
        assert page.evaluate("explorer.error ?? null") is None
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            assert not page.problems
        context.close()


def note(page, line):
    if line.type == "error":  # a refused request or script is one
        page.problems.append(line.text)
