"""Size and speed of the explorer's page, in Chromium, from a file.

    KERAS_BACKEND=... python benchmarks/explorer.py [SCREENSHOTS]

Measures untrained models of the small recipe and of the paper's size. Pages in
float16, the default, must be within `LIMITS`. With a folder, it writes
screenshots there instead: of an autoencoder, a GAN, grey images, 128x128
images, 40 latents and a model without factors, at three widths, light and
dark. Needs Chromium and Playwright.
"""

import gzip
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from keras_qlae import datasets
from keras_qlae import explorer
from keras_qlae import recipes

STARTS = 3
# Megabytes, milliseconds to the first image, milliseconds per decode.
LIMITS = {"qlae": (1.0, 500, 2), "qlae-paper": (None, None, 40)}
WIDTHS = {"1280": (1280, 800), "768": (768, 1024), "390": (390, 844)}
DECODE = """async count => {
  const times = [], rows = Array(count).fill(explorer.codes());
  for (let i = 0; i < 15; i++) {
    const start = performance.now();
    await explorer.decode(rows);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[7]; }"""
CLICK = """async () => { await explorer.choose(explorer.run.start);
  return [explorer.timing.image, explorer.timing.thumbnails]; }"""


def model_of(recipe, size, **settings):
    return recipes.compiled_model(
        recipes.get(recipe, **settings), (size, size, 3), 6, num_examples=1000
    )


def content_of(size, count=1000):
    data = datasets.load("room3d", image_size=size)
    index = np.random.default_rng(0).permutation(len(data))[:count]
    return {
        "images": data.images(index),
        "factors": data.factors(index),
        "factor_names": data.factor_names,
    }


def opened(browser, path, width=1280, height=800, scheme="light"):
    context = browser.new_context(
        offline=True,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
    )
    page = context.new_page()
    page.goto(path.as_uri())
    ready = "!!globalThis.explorer && explorer.isSettled()"
    while not page.evaluate(ready):
        error = page.evaluate("globalThis.explorer?.error ?? null")
        if error:
            raise RuntimeError(error)
        time.sleep(0.02)
    return page


def measure(browser, name, model, content, folder):
    """Prints the measurements, and returns those above their limits."""
    missed = []
    for dtype in ("float16", "float32"):
        path = explorer.write(
            model, folder / "page.html", dtype=dtype, **content
        )
        rows = []
        for _ in range(STARTS):
            page = opened(browser, path)
            ready = page.evaluate("explorer.timing.ready")
            rows.append(
                [
                    ready,
                    page.evaluate(DECODE, 1),
                    *page.evaluate(CLICK),
                ]
            )
            page.context.close()
        ready, decode, click, thumbnails = map(
            statistics.median, zip(*rows, strict=True)
        )
        size = path.stat().st_size
        zipped = len(gzip.compress(path.read_bytes()))
        print(
            f"{name}, {dtype}: {size / 1e6:.2f} MB ({zipped / 1e6:.2f} "
            f"gzipped); first image {ready:.0f} ms; a decode {decode:.1f} ms; "
            f"click to image {click:.1f} ms, to thumbnails {thumbnails:.0f} ms",
            flush=True,
        )
        found = zip(LIMITS[name], (size / 1e6, ready, decode), strict=True)
        if dtype == "float16":
            missed += [
                f"{name}: {value:.3g}, at most {limit} wanted"
                for limit, value in found
                if limit is not None and value > limit
            ]
    return missed


def screenshots(browser, folder):
    small, grey = content_of(32, 500), content_of(32, 500)
    grey["images"] = grey["images"].mean(axis=-1, keepdims=True).astype("uint8")
    pages = {
        "autoencoder": (model_of("qlae", 32), small),
        "gan": (model_of("ql-info-wgan-gp", 32), small),
        "grey": (
            recipes.compiled_model(recipes.get("qlae"), (32, 32, 1), 6),
            grey,
        ),
        "large": (model_of("qlae", 128), content_of(128, 200)),
        "40": (model_of("qlae", 32, num_latents=40), small),
        "continuous": (model_of("beta-vae", 32), small),
        "vectors": (model_of("vq-vae", 32), small),
        "factorless": (model_of("qlae", 32), {"images": small["images"]}),
    }
    for name, (model, content) in pages.items():
        path = explorer.write(model, folder / f"{name}.html", **content)
        for width, size in WIDTHS.items():
            for scheme in ("light", "dark"):
                page = opened(browser, path, *size, scheme)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                page.context.close()


def main(folder=None):
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as temporary,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium")
        )
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            screenshots(browser, Path(folder).resolve())
            return
        missed = []
        for name, model, size in (
            ("qlae", model_of("qlae", 32), 32),
            ("qlae-paper", model_of("qlae-paper", 64), 64),
        ):
            content = content_of(size)
            missed += measure(browser, name, model, content, Path(temporary))
        print("\n".join(missed) or "All within their limits.")


if __name__ == "__main__":
    main(*sys.argv[1:])
