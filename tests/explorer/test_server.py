import http.client
import socket
import threading
from urllib.parse import urlsplit

import numpy as np
import pytest

from keras_qlae import explorer
from tests.explorer.models import small_model
from tests.explorer.models import some_images


@pytest.fixture(params=["scalar", "continuous"])
def server(request):
    content = {"images": some_images(20)}
    with explorer.serve(small_model(request.param), **content) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, body=None, **headers):
    """Status and body of an answer."""
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    method = "GET" if body is None else "POST"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, names)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def path_of(server):
    return urlsplit(server.url).path


def dtype_of(server):
    return "<i4" if server.model.latent.is_discrete else "<f4"


def test_it_answers_with_the_page_and_with_what_the_model_computes(server):
    path, model, images = path_of(server), server.model, some_images(20)
    status, text = ask(server, path)
    assert status == 200
    assert b"connect-src 'self'" in text
    codes = model.codes(images)
    for number in (1, 3, 20):
        body = codes[:number].astype(dtype_of(server)).tobytes()
        status, found = ask(server, path + "decode", body)
        wanted = model.decode_codes(codes[:number])
        found = np.frombuffer(found, "<f4").reshape(wanted.shape)
        assert status == 200
        assert np.abs(found - wanted).max() < 1e-6
    pixels = (images[4] / 255).astype("<f4")
    status, found = ask(server, path + "encode", pixels.tobytes())
    assert status == 200
    assert np.allclose(np.frombuffer(found, dtype_of(server)), codes[4])


def test_the_server_answers_only_at_its_secret_address(server):
    path, port = path_of(server), server.server_address[1]
    nothing = (404, b"There is nothing here.")
    for wrong in ("/", "/x/", path[:-2] + "/", path[:-1], path + "../"):
        assert ask(server, wrong) == nothing
    for name in ("page.html", "..%2f..%2fetc/passwd", "decode"):
        assert ask(server, path + name) == nothing
    assert ask(server, path, Host="example.org") == nothing
    assert ask(server, path, Host=f"example.org:{port}") == nothing
    assert ask(server, path, Host=f"127.0.0.1:{port + 1}") == nothing
    body = bytes(16)
    origin = {"Origin": "http://example.org"}
    assert ask(server, path + "decode", body, **origin) == nothing
    assert ask(server, path + "write", body) == nothing
    assert ask(server, "/x/decode", body) == nothing
    assert ask(server, path, Host=f"localhost:{port}")[0] == 200


def test_only_codes_and_pixels_of_limited_size_are_taken(server):
    path, number = path_of(server), server.model.latent.num_latents
    row = np.zeros(number, dtype_of(server)).tobytes()
    assert ask(server, path + "decode", 64 * row)[0] == 200
    for what, body, status in (
        ("decode", b"", 400),
        ("decode", 65 * row, 400),
        ("decode", row[:-1], 400),
        ("decode", b"\xff" * len(row), 400),
        ("encode", bytes(10), 400),
        ("encode", np.full(768, np.nan, "<f4").tobytes(), 400),
        ("encode", np.full(768, 7.0, "<f4").tobytes(), 400),
    ):
        assert ask(server, path + what, body)[0] == status, (what, len(body))
    for length in ("-1", "x", "9" * 5000, "²", "10000000"):
        with socket.create_connection(server.server_address) as client:
            head = f"POST {path}decode HTTP/1.1\r\nHost: {server.hosts[0]}\r\n"
            head += f"Content-Length: {length}\r\n\r\n"
            client.sendall(head.encode("latin-1"))
            assert client.recv(100).split()[1] in (b"411", b"413")
    assert ask(server, path)[0] == 200


def test_it_listens_on_the_loopback_address_under_a_new_secret(server):
    assert server.server_address[0] == "127.0.0.1"
    with explorer.serve(server.model, images=some_images(5)) as other:
        assert len(other.secret) == 32
        assert other.secret != server.secret
