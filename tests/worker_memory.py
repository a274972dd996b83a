"""Says how much memory the processes that ran tests took at most.

A run in which one took more than it may has failed.
"""

from pathlib import Path

import pytest

LIMIT = 2.5e9  # bytes
_PEAKS = pytest.StashKey[dict]()


def _peak():
    """The most that was resident in this process, where Linux says it.

    Not `getrusage`: that counts the process too that began this one.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _peaks(config):
    """By worker, what those of pytest-xdist reported; else of this process."""
    return config.stash.get(_PEAKS, None) or {"main": _peak()}


def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    if output is not None:  # a worker
        output["peak"] = _peak()
    elif max(_peaks(session.config).values()) > LIMIT:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Called by pytest-xdist; a worker that crashed has no output."""
    peaks = node.config.stash.setdefault(_PEAKS, {})
    peaks[node.gateway.id] = getattr(node, "workeroutput", {}).get("peak", 0)


def pytest_terminal_summary(terminalreporter, config):
    peaks = _peaks(config)
    listed = ", ".join(f"{k} {v / 1e9:.2f} GB" for k, v in peaks.items())
    terminalreporter.line(f"Largest memory of a process: {listed}.")
    if max(peaks.values()) > LIMIT:
        terminalreporter.line(
            f"FAILED: no process may take more than {LIMIT / 1e9:.2f} GB.",
            red=True,
        )
