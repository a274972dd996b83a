"""UDR of the existing runs: which are compared and which are skipped."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from keras_qlae.comparing.selection import agreement
from keras_qlae.comparing.selection import udr_of
from keras_qlae.metrics import udr_scores
from keras_qlae.runs import RunDirectory
from keras_qlae.runs.latents import read_latents
from keras_qlae.runs.latents import write_latents

pytestmark = pytest.mark.backend_free


@pytest.fixture
def add(tmp_path):
    """Makes a run that kept its latents."""

    def add(name, latents=None, model="a", dataset="room3d", finished=True):
        run = RunDirectory(tmp_path / name)
        run.path.mkdir()
        if latents is not None:
            write_latents(run, latents, np.ones(latents.shape[1], bool))
        return SimpleNamespace(
            run=run,
            directory=run.path,
            dataset=dataset,
            name=name,
            contender=SimpleNamespace(name=model),
            is_finished=finished,
        )

    return add


def latents(seed, num_samples=50, num_latents=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_samples, num_latents)).astype(np.float32)


def test_runs_of_one_model_and_data_set_are_compared(add):
    tables = [latents(k) for k in range(3)]
    runs = [add(f"a{k}", table) for k, table in enumerate(tables)]
    others = [
        add("b0", latents(7), model="b"),
        add("c0", latents(8), dataset="sprites2d"),
        add("waiting", latents(9), finished=False),
        add("earlier version"),
        add("other images", latents(10, num_samples=40)),
    ]
    found = udr_of([*runs, *others])
    expected = udr_scores(tables)
    assert found == dict(
        zip([r.directory for r in runs], expected, strict=True)
    )


def test_inactive_latents_are_saved_as_zeros(add):
    run = add("a").run
    table = latents(0)
    write_latents(run, table, [True, False, True])
    kept = read_latents(run)
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, table * [1, 0, 1])
    with_padding = udr_of([add("b", kept), add("c", kept[:, [2, 0]])])
    without = udr_scores([kept[:, [0, 2]], kept[:, [2, 0]]])
    np.testing.assert_allclose(list(with_padding.values()), without)


def forged(shape, dtype="<f4", data=b""):
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a table",
        forged((10**9, 10**3)),
        forged((2, 2), data=b"\0" * 15),
        forged((2, 2), data=b"\0" * 17),
        forged((4,), data=b"\0" * 16),
        forged((0, 4)),
        forged((2, 2), "<i4", b"\0" * 16),
        forged((1, 1), data=np.float32(np.nan).tobytes()),
    ],
)
def test_damaged_latents_are_skipped_with_a_warning(add, content, caplog):
    runs = [add(f"a{k}", latents(k)) for k in range(3)]
    runs[0].run.latents.write_bytes(content)
    assert set(udr_of(runs)) == {run.directory for run in runs[1:]}
    assert "a0 has no UDR" in caplog.text


def test_changed_latents_are_noticed(add, caplog):
    runs = [add(f"a{k}", latents(k)) for k in range(2)]
    for run in runs:
        run.run.seal()
    hashes = json.loads(runs[0].run.hashes.read_text())
    assert "latents.npy" in hashes
    write_latents(runs[0].run, latents(5), [True] * 3)
    assert udr_of(runs) == {}
    assert "it is not what the run wrote" in caplog.text


def test_agreement_is_of_runs_that_have_both_scores():
    rows = [
        {"udr": 0.1, "infom": 0.2},
        {"udr": 0.2, "infom": 0.5},
        {"udr": None, "infom": 0.9},
        {"udr": 0.4, "infom": 0.7},
        {"udr": 0.9, "infom": None},
        {"infom": 0.3},
    ]
    assert agreement(rows) == (pytest.approx(1.0), 3)
    rows[1]["infom"] = 0.8
    assert agreement(rows) == (pytest.approx(0.5), 3)
    assert agreement(rows[:2]) is None
    assert agreement([{"udr": 0.1, "infom": 0.2}] * 4) is None
