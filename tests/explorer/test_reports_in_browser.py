"""Curves, tables and pictures side by side, in Chromium."""

import pytest

from keras_qlae import explorer
from keras_qlae.explorer.fragments import Cell
from keras_qlae.explorer.fragments import sorting
from keras_qlae.explorer.fragments import table
from tests.explorer.browser import needs_browser
from tests.explorer.browser import wait

pytestmark = [pytest.mark.backend_free, needs_browser]
PICTURES = [
    "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=",
    "data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs=",
]
SHOWN = "curves.plots.map(({ scales }) => [scales.x.min, scales.x.max])"


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """One page of all of them, opened from a file without a network."""
    columns = {
        "epoch": range(1, 11),
        "loss": [100 / i for i in range(1, 11)],
        "val_loss": [90 / i for i in range(1, 11)],
        "val_infom": [i / 20 for i in range(10)],
        "val_infoe": [i / 30 for i in range(10)],
        "val_infoc": [i / 40 for i in range(10)],
    }
    rows = [
        [Cell(name), Cell(str(value), value)]
        for name, value in (("b", 2.0), ("<a>", None), ("c", 10.0), ("d", 9.0))
    ]
    shown = [
        explorer.Shown(f"<run {i}>", f"InfoM 0.{i}", PICTURES[i])
        for i in (0, 1)
    ]
    text = explorer.document(
        "Report",
        [
            explorer.curves(columns),
            explorer.Section("Table", table("nv", rows, True), sorting()),
            explorer.side_by_side(shown),
        ],
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(
        offline=True, viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    problems, requests = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: line.type == "error" and problems.append(line.text),
    )
    page.on("request", lambda asked: requests.append(asked.url))
    page.goto(path.as_uri())
    wait(page, "!!globalThis.curves")
    yield page
    asked = {url for url in requests if not url.startswith("data:")}
    assert asked == {path.as_uri()}
    assert problems == []
    context.close()


def test_curves_zoom_by_dragging_and_by_controls(page):
    assert page.evaluate(SHOWN) == [[1, 10], [1, 10]]
    box = page.locator("#curves .u-over").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2 / 3, y, steps=4)
    page.mouse.up()
    wait(page, f"{SHOWN}[0][0] > 1")
    seen = page.evaluate(SHOWN)
    assert seen[0] == pytest.approx([4, 7], abs=0.1)
    assert seen[1] == pytest.approx(seen[0])  # all panels follow
    control = page.locator("#zoom-from")
    assert float(control.input_value()) == pytest.approx(4, abs=0.2)
    page.locator("#zoom-all").click()
    wait(page, f"{SHOWN}[1][1] === 10")
    control.focus()
    for _ in range(3):
        control.press("ArrowRight")
    wait(page, f"{SHOWN}.every(([low]) => low > 1)")
    assert control.get_attribute("aria-valuetext").startswith("epoch 1.")
    page.locator("#curves .u-over").first.dblclick()
    wait(page, f"{SHOWN}[0][0] === 1")
    page.locator("#zoom-all").click()


def test_a_table_sorts_by_numbers_and_by_text(page):
    names = page.locator(".sortable tbody td:first-child")
    by_name, by_value = page.locator(".sortable th button").all()
    heading = page.locator(".sortable th").nth(1)
    by_value.click()
    assert names.all_inner_texts() == ["c", "d", "b", "<a>"]
    assert heading.get_attribute("aria-sort") == "descending"
    by_value.press("Enter")
    assert names.all_inner_texts() == ["b", "d", "c", "<a>"]
    assert heading.get_attribute("aria-sort") == "ascending"
    by_name.click()
    assert names.all_inner_texts() == ["<a>", "b", "c", "d"]
    assert heading.get_attribute("aria-sort") == "none"


def test_any_two_runs_stand_side_by_side(page):
    left, right = page.locator("#left-picture"), page.locator("#right-picture")
    assert left.get_attribute("src") == PICTURES[0]
    assert right.get_attribute("src") == PICTURES[1]
    page.locator("#left-run").select_option("<run 1>")
    assert left.get_attribute("src") == PICTURES[1]
    assert left.get_attribute("alt") == "Traversals of <run 1>"
    assert page.locator("#left-scores").inner_text() == "InfoM 0.1"


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_no_fault(page, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="NOT TESTED: accessibility. Install axe-playwright-python",
    )
    page.set_viewport_size({"width": width, "height": 800})
    wait(page, f"document.documentElement.scrollWidth === {width}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
