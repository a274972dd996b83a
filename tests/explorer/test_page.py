import base64
import hashlib
import importlib
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from keras_qlae import networks
from keras_qlae.explorer import Section
from keras_qlae.explorer import write
from keras_qlae.explorer.page import _model_parts
from keras_qlae.explorer.page import page
from tests.explorer.models import small_model
from tests.explorer.models import some_images
from tests.explorer.node import ASSETS
from tests.explorer.node import needs_node
from tests.explorer.node import run_node

pytestmark = pytest.mark.one_backend


def test_the_policy_names_the_scripts_of_the_page_and_nothing_else():
    text = page(small_model(), sections=[Section("More", "<p>…</p>", "let x;")])
    policy = re.search(r'Security-Policy" content="([^"]*)"', text)[1]
    scripts = re.findall(r'<script type="module">(.*?)</script>', text, re.S)
    hashes = [
        base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        for code in scripts
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    assert len(scripts) == 2
    assert f"script-src {allowed} 'wasm-unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", text)


def test_a_page_is_the_same_every_time_and_is_filled_in(tmp_path):
    model, images = small_model(), some_images(20)
    path = write(model, tmp_path / "folder" / "page.html", images=images)
    text = path.read_text(encoding="utf-8")
    assert text == page(model, {"images": images})
    assert not re.search(r"\{\{\w+\}\}|^(import|export) ", text, re.M)


def test_sections_stand_below_with_a_link_each():
    sections = [Section("Curves & <more>", "<img src='data:,'>")]
    text = page(small_model(), sections=sections)
    assert '<a href="#section-0">Curves &amp; &lt;more&gt;</a>' in text
    assert "Curves &amp; &lt;more&gt;</h2><img src='data:,'>" in text
    with pytest.raises(ValueError, match="must not contain a script"):
        page(small_model(), sections=[Section("a", "<SCRIPT>")])
    with pytest.raises(ValueError, match="would end it"):
        page(small_model(), sections=[Section("a", "", "'</script>'")])


def test_names_cannot_end_the_block_that_they_stand_in():
    name = "</script><script>alert(1)</script><!--"
    text = page(small_model(), {"title": name, "about": {name: name}})
    assert "<script>alert" not in text
    assert "<!--" not in text


def test_a_page_too_large_for_browsers_is_refused(monkeypatch):
    module = importlib.import_module("keras_qlae.explorer.page")
    monkeypatch.setattr(module, "_LARGEST", 10_000)
    with pytest.raises(ValueError, match="serve it instead"):
        page(small_model())


def test_a_served_page_has_no_weights():
    text = page(small_model(), is_served=True)
    assert "connect-src 'self'" in text
    assert 'id="data-decoder"' not in text
    assert len(text) < 60_000  # the program alone


@needs_node
def test_the_matrix_product_in_webassembly_is_that_in_javascript():
    """Sizes with all remainders, and more memory than at the start."""
    run_node("multiply.mjs")


@pytest.mark.backend_free
@pytest.mark.skipif(
    shutil.which("wat2wasm") is None,
    reason="NOT TESTED: that gemm.wasm is what gemm.wat makes. Install "
    "wat2wasm (apt-get install wabt)",
)
def test_the_binary_equals_the_compiled_source(tmp_path):
    made = tmp_path / "gemm.wasm"
    command = ["wat2wasm", ASSETS / "gemm.wat", "-o", made]
    subprocess.run(command, check=True)
    assert made.read_bytes() == (ASSETS / "gemm.wasm").read_bytes()


def test_a_network_of_another_kind_is_refused_unless_served():
    model = small_model()
    model.encoder = networks.image_trunk((16, 16, 3), 4, "tiny")
    with pytest.raises(ValueError, match=r"explorer\.serve"):
        page(model)


@needs_node
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_pages_images_are_the_models(likelihood, tmp_path):
    model = small_model(likelihood=likelihood)
    plan, blocks = _model_parts(model, "float32")
    for name, block in blocks.items():
        (tmp_path / name).write_bytes(block)
    codes = np.random.default_rng(0).integers(0, 3, (5, 4))
    job = {"plan": plan, "codes": codes.tolist()}
    (tmp_path / "job.json").write_text(json.dumps(job))
    found = json.loads(run_node("model.mjs", tmp_path))
    wanted = model.decode_codes(codes)
    is_clipped = np.any((wanted == 0) | (wanted == 1))
    assert is_clipped == (likelihood == "gaussian")
    assert np.abs(np.reshape(found, wanted.shape) - wanted).max() < 1e-5
