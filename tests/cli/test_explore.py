"""`keras-qlae explore`: the page that it writes, opens and serves."""

import socketserver
import threading
import urllib.request
import webbrowser

import pytest

from keras_qlae.explorer.server import Server
from tests.cli.test_cli import SMALL
from tests.cli.test_cli import call

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("explore") / "run"
    result = call("train", f"--directory={path}", *SMALL)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """The addresses that the command opened in a browser."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


def test_writes_one_page_and_opens_it(run, opened):
    result = call("explore", str(run))
    assert result.exit_code == 0, result.output
    page = run / "explorer.html"
    assert result.output.splitlines()[-1] == str(page)
    assert "<html" in page.read_text()[:500]
    assert opened == [page.absolute().as_uri()]


def test_no_open_opens_nothing(run, opened):
    assert call("explore", str(run), "--no-open").exit_code == 0
    assert not opened


def test_serve_answers_under_the_address_that_it_prints(
    run, opened, monkeypatch
):
    pages = []

    def serve_once(self):
        """Answers one visitor, and stops as Ctrl-C would."""
        forever = threading.Thread(
            target=socketserver.BaseServer.serve_forever, args=(self,)
        )
        forever.start()
        with urllib.request.urlopen(self.url, timeout=20) as answer:
            pages.append(answer.read())
        self.shutdown()
        forever.join()

    monkeypatch.setattr(Server, "serve_forever", serve_once)
    result = call("explore", str(run), "--serve", "--port=0")
    assert result.exit_code == 0, result.output
    assert opened[0].startswith("http://127.0.0.1:")
    assert opened[0] in result.output
    assert b"<html" in pages[0][:500]


def test_a_missing_file_gets_one_message(tmp_path, opened):
    result = call("explore", str(tmp_path))
    assert result.exit_code == 1
    assert "There is no run in" in result.output
    result = call("explore", str(tmp_path), "--port=70000")
    assert result.exit_code == 2
    assert not opened
