"""Tables of light: rounded, and kept on the disk."""

import numpy as np
import pytest

from keras_qlae.datasets.casting import light_table
from keras_qlae.datasets.casting.light_table import kept_table
from keras_qlae.files import locked

pytestmark = pytest.mark.backend_free

TABLE = np.random.default_rng(0).integers(0, 256, (40, 9, 4), np.uint8)
NAME = "mine/light_3.npz"


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_QLAE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


class Maker:
    """Counts how often the table is made."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return TABLE.copy()


def test_it_is_made_once(data_dir):
    make = Maker()
    for _ in range(3):
        table = kept_table(NAME, TABLE.shape, make)
        np.testing.assert_array_equal(table, TABLE)
    assert make.times == 1
    assert sorted(path.name for path in data_dir.rglob("*")) == [
        ".lock",
        "light_3.npz",
        "mine",
    ]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


DAMAGE = {
    "flipped": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "empty": lambda path: path.write_bytes(b""),
    "another shape": lambda path: np.savez(path, light=TABLE[:5]),
    "another type": lambda path: np.savez(path, light=TABLE.astype(int)),
    "objects": lambda path: np.savez(
        path, light=np.array([{}]), allow_pickle=True
    ),
    "another name": lambda path: np.savez(path, dark=TABLE),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_made_again(damage, data_dir):
    make = Maker()
    kept_table(NAME, TABLE.shape, make)
    DAMAGE[damage](data_dir / NAME)
    table = kept_table(NAME, TABLE.shape, make)
    np.testing.assert_array_equal(table, TABLE)
    assert make.times == 2
    np.testing.assert_array_equal(kept_table(NAME, TABLE.shape, make), TABLE)
    assert make.times == 2


def test_a_kill_in_the_middle_leaves_no_half_file(data_dir, monkeypatch):
    def killed(path, **arrays):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    make = Maker()
    with monkeypatch.context() as patch:
        patch.setattr(light_table.np, "savez_compressed", killed)
        with pytest.raises(KeyboardInterrupt):
            kept_table(NAME, TABLE.shape, make)
    assert not (data_dir / NAME).exists()
    kept_table(NAME, TABLE.shape, make)
    assert (data_dir / NAME).exists()


def test_while_another_process_writes_it_is_used_and_not_kept(data_dir):
    make = Maker()
    with locked((data_dir / NAME).parent, "busy"):
        table = kept_table(NAME, TABLE.shape, make)
    np.testing.assert_array_equal(table, TABLE)
    assert not (data_dir / NAME).exists()


def test_it_is_computed_if_nothing_can_be_written(data_dir):
    data_dir.write_text("a file, no folder")
    table = kept_table(NAME, TABLE.shape, Maker())
    np.testing.assert_array_equal(table, TABLE)


def test_quantize_lowers_the_brightest_if_the_sum_is_too_large():
    light = np.array([[0.502, 0.498, 0.0, 0.0], [0.1, 0.3, 0.3, 0.3]])
    light[1] /= light[1].sum()
    # 128.01 + 126.99 = 255; 25.5 + 3 * 76.5 rounds to 26 (even) + 3 * 76.
    assert light_table.quantize(light)[0].tolist() == [128, 127, 0, 0]
    assert light_table.quantize(light).sum(axis=1).max() <= 255
    light = np.array([[0.5, 0.5, 0.0, 0.0]])  # 127.5 rounds to 128 twice
    assert light_table.quantize(light)[0].tolist() == [127, 128, 0, 0]
