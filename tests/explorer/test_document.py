"""Pages of sections, and the parts that they are made of."""

import base64
import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from keras_qlae import explorer
from keras_qlae.explorer.document import as_json
from keras_qlae.explorer.fragments import Cell
from keras_qlae.explorer.fragments import picture
from keras_qlae.explorer.fragments import table
from tests.explorer.node import ASSETS

pytestmark = pytest.mark.backend_free
HOSTILE = "</script><script>alert(1)</script><!--"
TOOL = Path(__file__).parents[2] / "tools" / "fetch_uplot.py"


def test_a_document_lets_only_its_own_scripts_run():
    text = explorer.document(
        HOSTILE,
        [explorer.Section("A & B", "<p>x</p>", "let x = 1;")] * 2,
        note=HOSTILE,
    )
    scripts = re.findall(r'<script type="module">(.*?)</script>', text, re.S)
    assert len(scripts) == 2  # the same script is run once
    policy = re.search(r'Security-Policy" content="([^"]*)"', text)[1]
    for code in scripts:
        digest = hashlib.sha256(code.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "alert(1)</script>" not in text
    assert '<a href="#section-1">A &amp; B</a>' in text
    assert not re.search(r"\{\{\w+\}\}|^(import|export) ", text, re.M)


def test_text_of_tables_and_pictures_is_escaped():
    rows = [[Cell(HOSTILE, HOSTILE, link='"><script>'), HOSTILE]]
    text = table((HOSTILE, "b"), rows, is_sortable=True)
    text += picture(HOSTILE, "image/png", b"")
    assert "<script" not in text
    assert "<!--" not in text
    assert "<" not in as_json({HOSTILE: HOSTILE})


def test_cells_have_the_value_they_are_sorted_by():
    cells = [Cell("1.0 ± 0.2", 1.0, True, (0, 0.5, 1)), Cell("-", None), "c"]
    text = table(("x", "y", "z"), [cells])
    assert '<td data-value="1.0"><b>1.0 ± 0.2</b><i class="interval"' in text
    assert "--from: 0.0%; --at: 50.0%; --to: 100.0%" in text
    assert "<td>-</td>" in text
    assert '<td data-value="c">c</td>' in text


def test_curves_skip_what_was_not_logged_and_carry_their_licence():
    section = explorer.curves(
        {
            "epoch": [1, 2],
            "loss": [100, 1],
            "val_loss": [90, float("nan")],
            "val_infom": [0.25, 0.5],
            "never": [float("nan")] * 2,
        }
    )
    panels = [
        {
            "title": "Loss (log scale)",
            "isLog": True,
            "lines": [
                {"name": "training", "values": [100.0, 1.0]},
                {"name": "held-out", "values": [90.0, None]},
            ],
        },
        {
            "title": "InfoMEC",
            "isLog": False,
            "lines": [{"name": "InfoM", "values": [0.25, 0.5]}],
        },
    ]
    drawn = as_json({"epochs": [1.0, 2.0], "panels": panels})
    assert section.script.endswith(f"drawCurves({drawn});")
    assert "The MIT License" in section.script
    assert "<td" in section.html  # the numbers, for those who do not see


def test_uplot_is_as_it_was_published(tmp_path):
    """Each file has its pinned hash, and there are no other files."""
    folder = ASSETS / "uplot"
    lines = (folder / "SHA512SUMS").read_text().splitlines()
    pinned = dict(line.split("  ")[::-1] for line in lines)
    assert {path.name for path in folder.iterdir()} == {*pinned, "SHA512SUMS"}
    assert {"LICENSE", "uPlot.iife.min.js"} < set(pinned)
    for name, digest in pinned.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha512(content).hexdigest() == digest
    specification = importlib.util.spec_from_file_location("fetch", TOOL)
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    assert f"v{tool.VERSION})" in (folder / "uPlot.iife.min.js").read_text()
    other = tmp_path / "uplot.tgz"
    other.write_bytes(b"another archive")
    with pytest.raises(ValueError, match="must have the hash"):
        tool.published(other)
