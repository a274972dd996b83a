"""Records docs/explorer.webp, the README's first picture, from a run.

    python docs/record_explorer.py RUN

`keras-qlae train` makes the run. Needs Chromium and Playwright.
"""

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from keras_qlae import runs
from keras_qlae.runs.exploring import write_page

SIZE = {"width": 1180, "height": 720}
SHOWN = (960, 586)  # pixels of the recording
LONG, SHORT = 1400, 350  # milliseconds that a frame is seen
FACTORS = ("wall_hue", "object_hue", "scale", "orientation")
READY = "!!globalThis.explorer && explorer.isSettled()"


def settle(page):
    """Waits until every thumbnail is up to date."""
    while not page.evaluate(READY):
        time.sleep(0.02)


def frames(page):
    """Yields pictures of the page and how long each is shown.

    For each factor, the latent with most mutual information takes all its
    values; then codes are drawn at random.
    """
    yield page.screenshot(), LONG
    latents = page.evaluate("explorer.run.latents")
    names = page.evaluate("explorer.run.factorNames")
    for factor in map(names.index, FACTORS):
        own = [i for i, each in enumerate(latents) if each["factor"] == factor]
        if not own:
            continue
        best = max(own, key=lambda i: latents[i]["nmi"])
        slider = page.locator(f"#slider-{best}")
        slider.focus()
        start = int(slider.input_value())
        last = len(latents[best]["stops"]) - 1
        for stop in (*range(start, -1, -2), *range(0, last + 1, 2), start):
            slider.fill(str(stop))
            settle(page)
            yield page.screenshot(), SHORT
    for _ in range(3):
        page.locator("#random").click()
        settle(page)
        yield page.screenshot(), LONG


def main(directory):
    """Writes the recording."""
    run = runs.RunDirectory(directory)
    model, held_out = runs.load(run)
    with (
        tempfile.TemporaryDirectory() as temporary,
        sync_playwright() as playwright,
    ):
        path = Path(temporary) / "page.html"
        write_page(run, model, held_out, path, as_report=False)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium")
        )
        page = browser.new_page(viewport=SIZE)
        # The same random codes every time.
        page.add_init_script(
            "let x = 7; Math.random = () => (x = x * 16807 % 2147483647)"
            " / 2147483647;"
        )
        page.goto(path.as_uri())
        settle(page)
        pictures, durations = zip(*frames(page), strict=True)
        browser.close()
    images = [
        Image.open(io.BytesIO(each)).convert("RGB").resize(SHOWN)
        for each in pictures
    ]
    images[0].save(
        Path(__file__).with_name("explorer.webp"),
        save_all=True,
        append_images=images[1:],
        duration=list(durations),
        loop=0,
        quality=60,
        method=6,
    )


if __name__ == "__main__":
    main(sys.argv[1])
