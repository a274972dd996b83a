"""Starts a browser, and waits for its pages."""

import shutil
import time

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or sync_playwright is None,
    reason="NOT TESTED: the pages in a browser. Install Chromium "
    "(apt-get install chromium) and Playwright (pip install playwright)",
)


def wait(page, condition, seconds=20):
    """Polls, since the page's policy forbids Playwright's own way."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def settle(page):
    wait(
        page,
        "!!globalThis.explorer && (!!explorer.error || explorer.isSettled())",
    )


def says(page, text):
    wait(
        page,
        f"document.getElementById('status').textContent.includes({text!r})",
    )
    settle(page)
