"""Downloads published files: goes on where it stopped, and fails soon."""

import os
import socket
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import part_of

CONNECT_SECONDS = 3.0
STALL_SECONDS = 60.0
CHUNK = 2**20


def download(store: Store, file: RawFile, show_progress: bool) -> None:
    """Downloads a file to its place, unless it is there.

    Args:
        store: Where the data set lies.
        file: What to download.
        show_progress: Whether to draw a bar.

    Raises:
        ConnectionError: If it cannot be had; within 5 seconds if there is no
            network. The message says what to do by hand.
        OSError: If the disk is full.
    """
    import requests  # type: ignore[import-untyped]

    path = store.raw(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        check_reachable(file.url)
        _receive(requests, file, path, show_progress)
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        raise ConnectionError(_advice(store, file, error)) from error
    os.replace(part_of(path), path)


def _receive(
    requests: Any, file: RawFile, path: Path, show_progress: bool
) -> None:
    """Fetches what is missing of a file into its `.part`."""
    from tqdm import tqdm

    part = part_of(path)
    have = part.stat().st_size if part.exists() else 0
    with requests.get(
        direct_address(file.url),
        headers={"Range": f"bytes={have}-"} if have else {},
        stream=True,
        timeout=(CONNECT_SECONDS, STALL_SECONDS),
    ) as response:
        if have and response.status_code == 416:
            return  # nothing is missing
        response.raise_for_status()
        if "text/html" in response.headers.get("Content-Type", ""):
            raise ConnectionError(
                "the answer is a web page in place of the file, as Google "
                "Drive gives when a file was asked for too often in a day"
            )
        if response.status_code != 206:
            have = 0
        rest = int(response.headers.get("Content-Length", 0))
        with (
            part.open("ab" if have else "wb") as out,
            tqdm(
                desc=f"Downloading {file.name}",
                initial=have,
                total=have + rest or None,
                unit="B",
                unit_scale=True,
                disable=not show_progress,
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                out.write(chunk)
                bar.update(len(chunk))
            out.flush()
            os.fsync(out.fileno())


def direct_address(url: str) -> str:
    """Where a file itself is, and not a page that asks for a click.

    Google Drive shows such a page before large files.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.hostname != "drive.google.com":
        return url
    identifier = urllib.parse.parse_qs(parts.query)["id"][0]
    return (
        "https://drive.usercontent.google.com/download"
        f"?id={identifier}&export=download&confirm=t"
    )


def check_reachable(url: str) -> None:
    """Tries to connect, for a few seconds at most.

    Looking up a name has no time limit of its own without a network, so it
    happens in a thread that is not waited for.

    Raises:
        ConnectionError: If the host, or the proxy before it, does not answer.
    """
    import requests  # type: ignore[import-untyped]

    proxy = requests.utils.select_proxy(
        url, requests.utils.get_environ_proxies(url)
    )
    parts = urllib.parse.urlsplit(proxy or url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    outcome: list[OSError | None] = []

    def connect() -> None:
        try:
            socket.create_connection(
                (parts.hostname, port), CONNECT_SECONDS
            ).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 1)
    if not outcome:
        raise ConnectionError(f"{parts.hostname} does not answer")
    if outcome[0] is not None:
        raise ConnectionError(f"{parts.hostname}: {outcome[0]}")


def _advice(store: Store, file: RawFile, error: Exception) -> str:
    """What to do by hand."""
    return (
        f"Cannot download {file.name} of `{store.info.name}` ({error}).\n"
        f"Get it in another way from\n  {file.url}\n"
        f"and put it at\n  {store.raw(file)}\n"
        f"Then `{store.command}` needs no network; if only the connection "
        "broke, it goes on where it stopped. The embedded data sets `room3d` "
        "and `sprites2d` need no download."
    )
