"""Chief and workers: signs of life, and calls that wait for the chief."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_BEAT = 2.0  # seconds from one sign of life of a worker to the next
_RETRY = 1.0  # seconds until a call is made again


class PatientClient:
    """A worker's client of the chief that survives a restart of the chief.

    Keras Tuner's waits for a chief that is not there, but a chief that dies
    in the middle of a call is an error: the call is then made again. All of
    them may be.

    Args:
        client: Keras Tuner's client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        return _patient(value) if callable(value) else value


def _patient(call: Callable[..., Any]) -> Callable[..., Any]:
    import grpc  # Keras Tuner's

    def again(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                return call(*args, **kwargs)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise RuntimeError(
                        "The chief of the search could not answer: "
                        f"{error.details()}"
                    ) from error
            time.sleep(_RETRY)

    return again


def wait_for_file(path: Path, seconds: float = 3600.0) -> None:
    """Waits for a file that the chief writes.

    Raises:
        TimeoutError: It did not come.
    """
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"No chief wrote {path} within {seconds:.0f} seconds: start "
                "it, with the same directory, on a disk that all see."
            )
        time.sleep(min(_RETRY, seconds))


def give_signs_of_life(folder: Path, tuner_id: str) -> None:
    """Touches a file of this worker for as long as the process lives."""
    path = folder / "alive" / tuner_id

    def touch() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    repeat(touch, _BEAT)


def last_sign(folder: Path, tuner_id: str) -> float:
    """When a worker gave its last sign of life, by the disk's clock; or 0."""
    try:
        return (folder / "alive" / tuner_id).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def watch(oracle: Any, patience: float) -> None:
    """Looks after the workers for as long as the process lives."""
    repeat(lambda: oracle.take_from_lost_workers(patience), 1.0)


def repeat(action: Callable[[], Any], seconds: float) -> None:
    """Calls a function again and again, whatever the disk does meanwhile."""

    def run() -> None:
        told = ""
        while True:
            try:
                action()
                told = ""
            except OSError as error:
                if str(error) != told:
                    told = str(error)
                    print(f"{told}. Trying again.", file=sys.stderr)  # noqa: T201
            time.sleep(seconds)

    threading.Thread(target=run, daemon=True, name=f"tuning {action}").start()
