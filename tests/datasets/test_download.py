"""Downloads, from a server on this machine."""

import dataclasses
import errno
import http.server
import socket
import threading
import time
from pathlib import Path

import pytest

from keras_qlae import datasets
from keras_qlae.datasets import registry
from keras_qlae.datasets.preparing import download as downloading
from keras_qlae.datasets.preparing.download import direct_address
from keras_qlae.datasets.store import part_of
from tests.datasets.fakes import fake
from tests.datasets.fakes import raw_paths

pytestmark = pytest.mark.backend_free


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one file, parts of it too."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server = self.server
        server.hosts.append(self.headers["Host"])
        asked = self.headers.get("Range", "")
        server.asked.append(asked)
        begin = int(asked[len("bytes=") : -1]) if asked else 0
        data = server.content[begin:]
        if server.status != 200:
            self.send_response(server.status)
            self.send_header("Location", server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif begin and not data:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_response(206 if begin else 200)
            self.send_header("Content-Type", server.kind)
            if server.has_length:
                self.send_header("Content-Length", str(len(data)))
            if server.encoding:
                self.send_header("Content-Encoding", server.encoding)
            self.end_headers()
            self.wfile.write(data[: server.stop_after])


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of the file of a fake MPI3D, which is not on the disk yet."""
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    info, _ = fake(monkeypatch, tmp_path, "mpi3d")
    (path,) = raw_paths(info, tmp_path)
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.content = path.read_bytes()
    server.path = path
    server.kind = "application/octet-stream"
    server.status = 200
    server.location = ""
    server.encoding = ""
    server.has_length = True
    server.stop_after = None
    server.asked = []
    server.hosts = []
    path.unlink()
    url = f"http://127.0.0.1:{server.server_port}/file"
    file = dataclasses.replace(info.files[0], url=url)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def prepare():
    return datasets.prepare("mpi3d", show_progress=False)


def test_a_file_is_downloaded(server):
    prepare()
    assert server.path.read_bytes() == server.content
    assert len(datasets.load("mpi3d")) == 24


def test_a_broken_download_is_resumed(server, monkeypatch):
    monkeypatch.setattr(downloading, "CHUNK", 100)
    server.stop_after = 700
    with pytest.raises(ConnectionError, match="goes on where it stopped"):
        prepare()
    assert not server.path.exists()
    have = part_of(server.path).stat().st_size
    assert 0 < have <= 700
    server.stop_after = None
    prepare()
    assert server.asked == ["", f"bytes={have}-"]
    assert server.path.read_bytes() == server.content


def test_a_download_that_only_lacked_its_name(server):
    part_of(server.path).write_bytes(server.content)
    prepare()
    assert server.path.read_bytes() == server.content


def test_the_part_of_a_longer_file_is_not_taken_for_this_one(server):
    part_of(server.path).write_bytes(server.content + b"more")
    prepare()
    assert server.asked == [f"bytes={len(server.content) + 4}-", ""]
    assert server.path.read_bytes() == server.content


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone")
def test_a_disk_that_becomes_full(server, monkeypatch):
    part = part_of(server.path)
    with monkeypatch.context() as patch:
        full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        patch.setattr(downloading, "open_own", lambda *_, **__: full)
        with pytest.raises(OSError, match="No space left on device") as caught:
            prepare()
    assert caught.value.errno == errno.ENOSPC
    for text in (
        f"Cannot write {part}",
        "is kept",
        "it needs 0.3 MB more",
        "`keras-qlae datasets prepare mpi3d` goes on from it once there is",
    ):
        assert text in str(caught.value)
    assert not server.path.exists()
    prepare()
    assert server.path.read_bytes() == server.content


def test_a_place_that_cannot_be_written(server):
    part_of(server.path).mkdir()
    with pytest.raises(OSError, match=r"Cannot write .*Is a dir") as caught:
        prepare()
    assert "room" not in str(caught.value)


def test_a_refusal_says_where_to_put_the_file(server):
    server.status = 403
    with pytest.raises(ConnectionError) as caught:
        prepare()
    assert "403" in str(caught.value)
    assert str(server.path) in str(caught.value)
    assert "http://127.0.0.1" in str(caught.value)


def test_a_page_in_place_of_the_file_is_refused(server):
    server.kind = "text/html; charset=utf-8"
    with pytest.raises(ConnectionError, match="web page instead of the file"):
        prepare()
    assert not part_of(server.path).exists()


@pytest.fixture
def silent():
    """The address of a host that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file"


def ask_elsewhere(monkeypatch, url):
    """Moves the file of the fake MPI3D."""
    info = datasets.info("mpi3d")
    file = dataclasses.replace(info.files[0], url=url)
    monkeypatch.setitem(
        registry._INFOS, "mpi3d", dataclasses.replace(info, files=(file,))
    )


@pytest.mark.slow
@pytest.mark.parametrize("behind", ["the address", "a redirect"])
def test_a_silent_host_is_not_waited_for(server, silent, monkeypatch, behind):
    if behind == "the address":
        ask_elsewhere(monkeypatch, silent)
    else:
        server.status = 302
        server.location = silent
    begin = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        prepare()
    assert time.monotonic() - begin < 5
    assert "127.0.0.1 does not answer" in str(caught.value)
    assert str(server.path) in str(caught.value)


def test_a_slow_body_is_waited_for(server, monkeypatch):
    monkeypatch.setattr(downloading, "ANSWER_SECONDS", 0.5)
    write = Handler.do_GET

    def slow(handler):
        handler.wfile = Slow(handler.wfile)
        write(handler)

    class Slow:
        def __init__(self, file):
            self._file = file

        def write(self, data):
            if data.startswith(b"PK"):  # the file, after the head
                time.sleep(0.8)
            return self._file.write(data)

        def __getattr__(self, name):
            return getattr(self._file, name)

    monkeypatch.setattr(Handler, "do_GET", slow)
    prepare()
    assert server.path.read_bytes() == server.content


def test_the_address_that_is_asked_is_that_of_the_file(server, monkeypatch):
    asked = []

    def refuse(host, *arguments):
        asked.append(host)
        raise OSError("no such name")

    ask_elsewhere(monkeypatch, "https://drive.google.com/uc?id=1")
    monkeypatch.setattr(
        "requests.sessions.get_environ_proxies", lambda *_, **__: {}
    )
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    with pytest.raises(ConnectionError, match="no such name") as caught:
        prepare()
    assert "Max retries exceeded" not in str(caught.value)
    assert set(asked) == {"drive.usercontent.google.com"}


def test_a_proxy_may_lack_its_scheme(server, monkeypatch):
    ask_elsewhere(monkeypatch, "http://images.example/file")
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.server_port}")
    prepare()
    assert server.hosts == ["images.example"]
    assert server.path.read_bytes() == server.content


def test_an_encoded_file_stays_as_it_is(server, monkeypatch):
    # Some servers say so of every `.gz` file, whatever was asked for.
    server.encoding = "gzip"
    monkeypatch.setattr(downloading, "CHUNK", 100)
    server.stop_after = 700
    with pytest.raises(ConnectionError, match="goes on where it stopped"):
        prepare()
    server.stop_after = None
    prepare()
    assert server.path.read_bytes() == server.content


def test_an_answer_without_a_length_is_refused(server):
    server.has_length = False
    server.stop_after = 700  # a part, which would count as whole
    with pytest.raises(
        ConnectionError, match="not give the length of the file"
    ):
        prepare()
    assert not server.path.exists()


def test_a_download_without_end_is_stopped(server, monkeypatch):
    monkeypatch.setattr(downloading, "SPARE_BYTES", 1000)
    monkeypatch.setattr(downloading, "CHUNK", 500)
    server.content = bytes(10**6)
    with pytest.raises(
        ConnectionError, match="has more than 3,000 bytes, about 1,000 are"
    ):
        prepare()
    assert not part_of(server.path).exists()
    assert not server.path.exists()


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_link_in_place_of_a_part_is_not_written_through(server, kind):
    mine = server.path.parents[3] / "mine"
    mine.write_bytes(b"mine")
    part = part_of(server.path)
    if kind == "symbolic":
        part.symlink_to(mine)
    else:
        part.hardlink_to(mine)
    with pytest.raises(OSError, match=f"Cannot write {part}"):
        prepare()
    assert mine.read_bytes() == b"mine"


def test_google_drive_gives_the_file_and_not_the_page():
    (file,) = datasets.info("falcor3d").files
    assert direct_address(file.url) == (
        "https://drive.usercontent.google.com/download"
        "?id=1XAQfFK1x6cpN1eiovbP0hVfLTm5SsSoJ&export=download&confirm=t"
    )
    assert direct_address("https://a.org/b?id=1") == "https://a.org/b?id=1"
