"""Files that are whole or not there."""

import errno
import os

import pytest

from keras_qlae.files import read_json
from keras_qlae.files import replacing
from keras_qlae.files import write_json
from keras_qlae.files import write_text

pytestmark = pytest.mark.backend_free


def write_half(path, error):
    """Fails in the middle of writing."""
    with replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise error


def test_writes_and_reads(tmp_path):
    path = tmp_path / "deep" / "down" / "a.json"
    write_json(path, {"b": [1, 2.5, None]})
    assert read_json(path) == {"b": [1, 2.5, None]}


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(KeyError):
        write_half(path, KeyError())
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_replaces_a_folder(tmp_path):
    path = tmp_path / "folder"
    for text in ("one", "two"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / "file").write_text(text)
    assert (path / "file").read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_full_disk_is_said_with_the_path(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match=r"Cannot write .*a\.txt: No space left"):
        write_half(path, full)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_nothing_is_begun_on_a_disk_that_is_too_small(tmp_path):
    """Libraries that fail midway leave a mess of messages."""
    wanted = r"Cannot write .*a\.txt: No space .* 9000000000000\.0 MB are"
    with (
        pytest.raises(OSError, match=wanted) as raised,
        replacing(tmp_path / "a.txt", size=9 * 10**18),
    ):
        pytest.fail("writing began")
    assert raised.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_read_only_directory(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="Cannot write"):
        write_text(tmp_path / "a.txt", "new")
