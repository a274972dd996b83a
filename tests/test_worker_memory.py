"""A run of the tests whose processes grow too large has failed."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="needs Linux"
    ),
]

CONFTEST = """
from tests import worker_memory
from tests.worker_memory import pytest_sessionfinish
from tests.worker_memory import pytest_terminal_summary
from tests.worker_memory import pytest_testnodedown
worker_memory.LIMIT = {limit}
"""
TESTS = """
def test_nothing():
    pass
def test_much():
    assert b"x" * 150_000_000  # zeros would not be resident
"""


@pytest.mark.parametrize("workers", [["-n0"], ["-n2", "--dist=load"]], ids=str)
@pytest.mark.parametrize(("limit", "code"), [(2e9, 0), (1e8, 1)])
def test_a_process_that_is_too_large_fails_the_run(
    workers, limit, code, tmp_path
):
    (tmp_path / "conftest.py").write_text(CONFTEST.format(limit=limit))
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *workers],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    output = result.stdout
    assert result.returncode == code, output + result.stderr
    assert "2 passed" in output
    assert ("FAILED: no process may take" in output) == bool(code)
    line = output.partition("Largest memory of a process: ")[2].splitlines()[0]
    assert line.count(" GB") == (1 if workers == ["-n0"] else 2)
    assert max(float(word) for word in line.split() if "0." in word) > 0.15
