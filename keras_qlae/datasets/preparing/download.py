"""Downloads published files; can be resumed, and fails early."""

import os
import re
import threading
import urllib.parse
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.preparing.disk import cannot_write
from keras_qlae.datasets.preparing.disk import open_own
from keras_qlae.datasets.store import Store
from keras_qlae.datasets.store import part_of

ANSWER_SECONDS = 4.0  # to the head of the answer: names, proxies, redirects
STALL_SECONDS = 60.0  # from one piece of the content to the next
CHUNK = 2**20
SPARE_BYTES = 2**24  # more than twice the expected size, which may be a guess


def download(store: Store, file: RawFile, show_progress: bool) -> None:
    """Downloads a file to its place, unless it exists.

    Without a network or an answer it raises `ConnectionError` within 5 seconds.
    The message says what to do by hand.
    """
    import requests  # type: ignore[import-untyped]
    import urllib3

    path = store.raw(file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _receive(file, part_of(path), show_progress)
        os.replace(part_of(path), path)
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ConnectionError,
    ) as error:
        raise ConnectionError(_advice(store, file, error)) from error
    except OSError as error:  # includes errors of the network
        raise cannot_write(store, part_of(path), error) from error


def check_reachable(url: str) -> None:
    """Raises `ConnectionError` within 5 seconds without network or answer."""
    import requests

    try:
        _ask(direct_address(url), 0).close()
    except requests.RequestException as error:
        cause = getattr(next(iter(error.args), None), "reason", None) or error
        raise ConnectionError(str(cause)) from error


def _receive(file: RawFile, part: Path, show_progress: bool) -> None:
    """Downloads the missing rest of a file to its `.part`."""
    from tqdm import tqdm

    url = direct_address(file.url)
    have = part.stat().st_size if part.exists() else 0
    response = _ask(url, have)
    if have and response.status_code == 416:
        response.close()
        if _whole_size(response) == have:
            return  # nothing is missing
        have = 0  # the part of another file
        response = _ask(url, have)
    with response:
        response.raise_for_status()
        _check_answer(response)
        if response.status_code != 206:
            have = 0
        limit = 2 * file.num_bytes + SPARE_BYTES
        rest = int(response.headers.get("Content-Length", 0))
        with (
            open_own(part, keep=bool(have)) as out,
            tqdm(
                desc=f"Downloading {file.name}",
                initial=have,
                total=have + rest or None,
                unit="B",
                unit_scale=True,
                disable=not show_progress,
            ) as bar,
        ):
            out.seek(have)
            # The bytes as sent: some servers declare a `.gz` file as encoded
            # content, which would be unpacked to another file.
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                have += len(chunk)
                if have > limit:
                    part.unlink()
                    raise ConnectionError(
                        f"the answer has more than {limit:,} bytes, about "
                        f"{file.num_bytes:,} are expected"
                    )
                out.write(chunk)
                bar.update(len(chunk))
            out.flush()
            os.fsync(out.fileno())


def _check_answer(response: Any) -> None:
    """Refuses an answer that is not a file, or has no known length."""
    headers = response.headers
    if "text/html" in headers.get("Content-Type", ""):
        raise ConnectionError(
            "the answer is a web page instead of the file: Google Drive "
            "answers so when a file was requested too often in a day"
        )
    has_length = headers.get("Content-Length", "").isdecimal()
    if not has_length and headers.get("Transfer-Encoding") != "chunked":
        raise ConnectionError(
            "the answer does not give the length of the file, so that an "
            "incomplete one would not be noticed"
        )


def _ask(url: str, have: int) -> Any:
    """Asks for a file from byte `have` on; the answer's content is not read.

    Looking up a name has no time limit, and each address, proxy and redirect
    has a separate one. So this happens in a thread with one limit for all of
    them.
    """
    import requests

    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            response = requests.get(
                url,
                headers=headers,
                stream=True,
                timeout=(ANSWER_SECONDS, STALL_SECONDS),
            )
        except BaseException as error:  # noqa: BLE001 - for the other thread
            answer.set_exception(error)
        else:
            answer.set_result(response)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(ANSWER_SECONDS)
    except TimeoutError:
        answer.add_done_callback(_close_late)
        raise ConnectionError(
            f"{urllib.parse.urlsplit(url).hostname} does not answer"
        ) from None


def _close_late(answer: "Future[Any]") -> None:
    if answer.exception() is None:
        answer.result().close()


def _whole_size(response: Any) -> int | None:
    """The size of a file, from an answer with status 416."""
    told = re.fullmatch(
        r"bytes \*/(\d+)", response.headers.get("Content-Range", "")
    )
    return int(told[1]) if told else None


def direct_address(url: str) -> str:
    """The address of a file itself, not of a page that asks for a click.

    Google Drive shows such a page for large files.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.hostname != "drive.google.com":
        return url
    identifier = urllib.parse.parse_qs(parts.query)["id"][0]
    return (
        "https://drive.usercontent.google.com/download"
        f"?id={identifier}&export=download&confirm=t"
    )


def _advice(store: Store, file: RawFile, error: Exception) -> str:
    """What to do by hand."""
    # Only the cause in "retries exceeded ... (caused by ...)" is needed.
    cause = getattr(next(iter(error.args), None), "reason", None) or error
    return (
        f"Cannot download {file.name} of `{store.info.name}` ({cause}).\n"
        f"Get it in another way from\n  {file.url}\n"
        f"and put it at\n  {store.raw(file)}\n"
        f"Then `{store.command}` needs no network; if only the connection "
        "broke, it goes on where it stopped. The embedded data sets `room3d` "
        "and `sprites2d` need no download."
    )
