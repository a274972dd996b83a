"""Serves the page of a model, which decodes and encodes itself."""

import hmac
import math
import secrets
import threading
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from typing import Unpack

import numpy as np

from keras_qlae.explorer.content import Content
from keras_qlae.explorer.page import page

_ADDRESS = "127.0.0.1"
_MOST_ROWS = 64  # images decoded in one request
_SECONDS = 30  # that a request may take to arrive


def serve(model: Any, *, port: int = 0, **content: Unpack[Content]) -> "Server":
    """Makes a server of the page of a model, for this machine only.

    The page is that of `write`, but the model itself decodes and encodes, on
    any backend: for models that are too large for a page, or have layers that
    it does not know. Call `serve_forever` on the result, which is also a
    context manager:

    ```python
    with keras_qlae.explorer.serve(model, images=images) as server:
        print(server.url)
        server.serve_forever()
    ```

    It listens on the loopback address. The address contains a secret, without
    which nothing is answered. From the client it takes codes and pixels of a
    limited number and nothing else.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        port: The port, or 0 for one that is free.
        **content: As in `write`.

    Returns:
        A `Server`, listening but not yet answering.

    Raises:
        ValueError: Content that does not fit the model.
        OSError: The port is taken.
    """
    return Server(model, page(model, content, is_served=True), port)


class Server(ThreadingHTTPServer):
    """Answers requests for one page, and for what its model computes.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        text: The page.
        port: The port, or 0 for one that is free.
    """

    daemon_threads = True

    def __init__(self, model: Any, text: str, port: int) -> None:
        super().__init__((_ADDRESS, port), _Handler)
        self.model = model
        self.text = text.encode()
        self.secret = secrets.token_urlsafe(24)
        self._lock = threading.Lock()  # the model does one thing at a time

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which this server may be asked for."""
        port = self.server_address[1]
        return (f"{_ADDRESS}:{port}", f"localhost:{port}")

    @property
    def url(self) -> str:
        """The address of the page, with the secret."""
        return f"http://{self.hosts[0]}/{self.secret}/"

    def decode(self, body: bytes) -> bytes:
        """Images of codes: float32 in `[0, 1]`, little-endian.

        Raises:
            ValueError: Not whole rows of codes that the latent has.
        """
        latent = self.model.latent
        dtype = "<i4" if latent.is_discrete else "<f4"
        codes = np.frombuffer(body, dtype).reshape(-1, latent.num_latents)
        if not 1 <= len(codes) <= _MOST_ROWS or not np.isfinite(codes).all():
            raise ValueError(
                f"Codes must be finite and 1 to {_MOST_ROWS} rows. Received: "
                f"{len(codes)} rows"
            )
        # Filled up to a few numbers of rows: others would be compiled anew.
        size = 1 if len(codes) == 1 else 16 * math.ceil(len(codes) / 16)
        filled = np.pad(codes, ((0, size - len(codes)), (0, 0)), "edge")
        with self._lock:
            images = self.model.decode_codes(filled)[: len(codes)]
        return np.ascontiguousarray(images, "<f4").tobytes()

    def encode(self, body: bytes) -> bytes:
        """The codes of one image, int32 or float32, little-endian.

        Raises:
            ValueError: Not one image of floats in `[0, 1]`.
        """
        pixels = np.frombuffer(body, "<f4")
        image = pixels.reshape(1, *self.model.image_shape)
        with self._lock:
            codes = self.model.codes(image)
        dtype = "<i4" if self.model.latent.is_discrete else "<f4"
        return np.ascontiguousarray(codes, dtype).tobytes()

    @property
    def largest(self) -> int:
        """Bytes that a request may have."""
        pixels: int = math.prod(self.model.image_shape)
        numbers: int = _MOST_ROWS * self.model.latent.num_latents
        return 4 * max(pixels, numbers)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    server_version = "keras-qlae"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        if self._is_allowed() and self._name() == "":
            self._answer(200, self.server.text, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        if not self._is_allowed():
            return
        work = {"decode": self.server.decode, "encode": self.server.encode}
        compute = work.get(self._name())
        if compute is None:
            self._refuse(404, "There is nothing here.")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            self._refuse(411, "A length is needed.")
            return
        if len(length) > 12 or int(length) > self.server.largest:
            self._refuse(413, "That is more than one image or 64 codes.")
            return
        try:
            answer = compute(self.rfile.read(int(length)))
        except ValueError as error:
            self._refuse(400, str(error))
            return
        self._answer(200, answer, "application/octet-stream")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the address holds the secret."""

    def _name(self) -> str:
        return self.path.rpartition("/")[2]

    def _is_allowed(self) -> bool:
        """Whether the request knows the secret, and comes from the page.

        The Host is checked so that no other site can be given the loopback
        address as its own.
        """
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        known = self.server.hosts
        is_ours = host in known and origin in (None, f"http://{host}")
        wanted = f"/{self.server.secret}/{self._name()}"
        has_secret = hmac.compare_digest(self.path.encode(), wanted.encode())
        if not is_ours or not has_secret:
            self._refuse(404, "There is nothing here.")
            return False
        if self.command == "GET" and self._name():
            self._refuse(404, "There is nothing here.")
            return False
        return True

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._answer(status, message.encode(), "text/plain; charset=utf-8")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
