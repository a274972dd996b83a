"""Serves the page of a model; the model runs in this process."""

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
_MOST_ROWS = 64  # most images decoded in one request
_SECONDS = 30  # that a request may take to arrive


def serve(model: Any, *, port: int = 0, **content: Unpack[Content]) -> "Server":
    """Makes a server for the page of a model, for this machine only.

    The page is that of `write`, but the model itself decodes and encodes, on
    any backend. Use it for models that are too large for a page, or have
    layers that the page cannot compute. Call `serve_forever` on the result,
    which is also a context manager:

    ```python
    with keras_qlae.explorer.serve(model, images=images) as server:
        print(server.url)
        server.serve_forever()
    ```

    It listens on the loopback address. The URL contains a secret; requests
    without it are refused. The server accepts only codes and pixels, and only
    a limited number of them.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        port: The port, or 0 for a free one.
        **content: As in `write`.

    Returns:
        A `Server`, listening but not yet answering.

    Raises:
        ValueError: Content does not fit the model.
        OSError: The port is in use.
    """
    return Server(model, page(model, content, is_served=True), port)


class Server(ThreadingHTTPServer):
    """Answers requests for one page and for computations of its model.

    Args:
        model: An `Autoencoder` or `InfoWGANGP`.
        text: The page.
        port: The port, or 0 for a free one.
    """

    daemon_threads = True

    def __init__(self, model: Any, text: str, port: int) -> None:
        super().__init__((_ADDRESS, port), _Handler)
        self.model = model
        self.text = text.encode()
        self.secret = secrets.token_urlsafe(24)
        self._lock = threading.Lock()  # the model does one task at a time

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names that requests to this server may have."""
        port = self.server_address[1]
        return (f"{_ADDRESS}:{port}", f"localhost:{port}")

    @property
    def url(self) -> str:
        """The address of the page, with the secret."""
        return f"http://{self.hosts[0]}/{self.secret}/"

    def decode(self, body: bytes) -> bytes:
        """Decodes codes to images: float32 in `[0, 1]`, little-endian.

        Raises:
            ValueError: The body is not complete rows of valid codes.
        """
        latent = self.model.latent
        dtype = "<i4" if latent.is_discrete else "<f4"
        codes = np.frombuffer(body, dtype).reshape(-1, latent.num_latents)
        if not 1 <= len(codes) <= _MOST_ROWS or not np.isfinite(codes).all():
            raise ValueError(
                f"Codes must be finite, with 1 to {_MOST_ROWS} rows. Received: "
                f"{len(codes)} rows"
            )
        # Padded to one of a few numbers of rows: others need a new compilation.
        size = 1 if len(codes) == 1 else 16 * math.ceil(len(codes) / 16)
        filled = np.pad(codes, ((0, size - len(codes)), (0, 0)), "edge")
        with self._lock:
            images = self.model.decode_codes(filled)[: len(codes)]
        return np.ascontiguousarray(images, "<f4").tobytes()

    def encode(self, body: bytes) -> bytes:
        """Encodes one image to codes, int32 or float32, little-endian.

        Raises:
            ValueError: The body is not one image of floats in `[0, 1]`.
        """
        pixels = np.frombuffer(body, "<f4")
        image = pixels.reshape(1, *self.model.image_shape)
        with self._lock:
            codes = self.model.codes(image)
        dtype = "<i4" if self.model.latent.is_discrete else "<f4"
        return np.ascontiguousarray(codes, dtype).tobytes()

    @property
    def largest(self) -> int:
        """The largest number of bytes of a request."""
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
            self._refuse(411, "The request needs a length.")
            return
        if len(length) > 12 or int(length) > self.server.largest:
            self._refuse(
                413, "The request is larger than one image or 64 codes."
            )
            return
        try:
            answer = compute(self.rfile.read(int(length)))
        except ValueError as error:
            self._refuse(400, str(error))
            return
        self._answer(200, answer, "application/octet-stream")

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: the URL contains the secret."""

    def _name(self) -> str:
        return self.path.rpartition("/")[2]

    def _is_allowed(self) -> bool:
        """Whether the request has the secret and comes from the page.

        The host is checked against sites that resolve their own name to the
        loopback address.
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
