"""Files that are complete or absent."""

import errno
import os

import pytest

from keras_qlae import files
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


def test_nothing_starts_on_a_disk_that_is_too_small(tmp_path):
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


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    """Opening it for writing would empty somebody's file."""
    pytest.importorskip("fcntl")
    mine = tmp_path / "thesis.tex"
    mine.write_text("years of work")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".lock").symlink_to(mine)
    with pytest.raises(OSError, match="is a link"), files.locked(folder, ""):
        pass
    assert mine.read_text() == "years of work"


def test_a_lock_that_is_a_pipe_is_refused(tmp_path):
    pytest.importorskip("fcntl")
    os.mkfifo(tmp_path / ".lock")
    with (
        pytest.raises(OSError, match="not an ordinary file"),
        files.locked(tmp_path, ""),
    ):
        pass


def test_a_lock_is_held_by_one(tmp_path):
    pytest.importorskip("fcntl")
    with (
        files.locked(tmp_path / "run", ""),
        pytest.raises(RuntimeError, match="busy now"),
        files.locked(tmp_path / "run", "busy now"),
    ):
        pass
    with files.locked(tmp_path / "run", ""):
        pass


@pytest.mark.parametrize("name", [".a.partial.txt", "a.txt"])
def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path, name):
    mine = tmp_path / "thesis.tex"
    mine.write_text("years of work")
    (tmp_path / name).symlink_to(mine)
    files.write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert not (tmp_path / "a.txt").is_symlink()
    assert mine.read_text() == "years of work"


def test_a_folder_behind_a_link_is_not_changed(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    (tmp_path / ".a.partial").symlink_to(mine)
    with files.replacing(tmp_path / "a") as folder:
        folder.mkdir()
        (folder / "new").write_text("new")
    assert (mine / "thesis.tex").read_text() == "years of work"
    assert {p.name for p in mine.iterdir()} == {"thesis.tex"}


@pytest.mark.parametrize("text", ["", "{", "\x00", "[" * 100_000])
def test_json_that_is_none_is_named(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):
        files.read_json(path)


def test_a_name_that_is_not_utf_8_can_be_written_about(tmp_path):
    name = os.fsdecode(b"caf\xe9")
    files.write_text(tmp_path / "a.txt", f"{name} is a folder")
    assert (tmp_path / "a.txt").read_text() == r"caf\udce9 is a folder"


def test_tables_keep_to_their_cells():
    table = files.markdown_table(("a", "b"), [("x|y", None), ("two\nlines", 3)])
    assert table.splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| x\\|y |  |",
        "| two lines | 3 |",
    ]
