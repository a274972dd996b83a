"""The page in Chromium: opened as a file, with no network."""

import threading

import numpy as np
import pytest
from PIL import Image

from keras_qlae import explorer
from tests.cases import slow
from tests.explorer.browser import needs_browser
from tests.explorer.browser import says
from tests.explorer.browser import settle
from tests.explorer.browser import wait
from tests.explorer.models import LATENTS
from tests.explorer.models import small_model
from tests.explorer.models import some_images

# The page is the same of every backend.
pytestmark = [pytest.mark.one_backend, needs_browser]
OTHERS = [kind for kind in LATENTS if kind != "scalar"]
PIXELS = """id => { const canvas = document.getElementById(id);
  return Array.from(canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data); }"""
GREY_LEVEL = 1 / 255


def codes_of(page):
    return np.array(page.evaluate("explorer.codes()"))


def shown(page, canvas="decoded", channels=3):
    """The pixels on a canvas, `(places, channels)`, in `[0, 1]`."""
    pixels = np.array(page.evaluate(PIXELS, canvas)).reshape(-1, 4)
    return pixels[:, :channels] / 255


def random_codes(model, number):
    if not model.latent.is_discrete:
        codes = np.random.default_rng(3).normal(0, 0.3, (number, 4))
        return codes.astype("float32")
    return np.stack(
        [
            np.random.default_rng(i).integers(0, size, number)
            for i, size in enumerate(model.latent.codebook_sizes)
        ],
        axis=1,
    )


@pytest.mark.parametrize("kind", ["scalar", *slow(*OTHERS)])
def test_100_random_codes_are_decoded_and_images_encoded_alike(kind, opened):
    model, images = small_model(kind), some_images(20)
    page = opened(model, images=images)
    codes = random_codes(model, 100)
    found = page.evaluate(
        "rows => explorer.decode(rows).then(all => Array.from(all))",
        codes.tolist(),
    )
    wanted = model.decode_codes(codes)
    assert np.abs(np.reshape(found, wanted.shape) - wanted).max() < 1e-5
    wanted = model.codes(images)
    for image, own in zip(images[:5], wanted[:5], strict=True):
        pixels = (image / 255).ravel().tolist()
        found = page.evaluate(
            "pixels => explorer.encode(Float32Array.from(pixels))", pixels
        )
        assert np.allclose(found, own, atol=1e-5)
    assert page.requests == [page.path.as_uri()]


@pytest.mark.parametrize(
    ("adversarial", "before"),
    [
        (True, ""),
        pytest.param(
            *(False, "delete globalThis.WebAssembly"), marks=pytest.mark.slow
        ),
    ],
    ids=["generator", "no WebAssembly"],
)
def test_float16_is_within_a_grey_level(adversarial, before, opened):
    model = small_model(adversarial=adversarial)
    page = opened(model, dtype="float16", before=before)
    codes = random_codes(model, 100)
    wanted = model.decode_codes(codes)
    for row, image in zip(codes[:3], wanted[:3], strict=True):
        page.evaluate("row => explorer.choose(row)", row.tolist())
        settle(page)
        difference = shown(page) - image.reshape(-1, 3)
        # Painting rounds by half a level of its own.
        assert np.abs(difference).max() < 1.5 * GREY_LEVEL
    found = page.evaluate(
        "rows => explorer.decode(rows).then(all => Array.from(all))",
        codes.tolist(),
    )
    difference = np.abs(np.array(found) - wanted.ravel()).max()
    assert 1e-5 < difference < GREY_LEVEL


@pytest.mark.parametrize("kind", ["scalar", *slow("vector", "gaussian")])
def test_every_control_moves_the_image(kind, opened):
    model = small_model(kind)
    page = opened(model, images=some_images(20))
    for latent in range(model.latent.num_latents):
        slider = page.locator(f"#slider-{latent}")
        before, codes = shown(page), codes_of(page)
        step = int(slider.input_value())
        last = int(slider.get_attribute("max"))
        # A step of a continuous latent may be a single grey level.
        for key, least in (
            ("ArrowLeft" if step == last else "ArrowRight", 0.99),
            ("Home" if 2 * step > last else "End", 1.01),
        ):
            slider.press(key)
            settle(page)
            assert (codes_of(page) != codes).nonzero()[0].tolist() == [latent]
            moved = np.abs(shown(page) - before).max()
            assert moved > least * GREY_LEVEL
        thumbnails = page.locator(f"#latent-{latent} .values button")
        moved = codes_of(page)
        for i in (0, thumbnails.count() - 1):
            thumbnails.nth(i).click()
            settle(page)
            stops = page.evaluate(f"explorer.run.latents[{latent}].stops")
            assert codes_of(page)[latent] == stops[-1 if i else 0]
        assert (np.delete(codes_of(page) == moved, latent)).all()


def test_thumbnails_are_the_image_with_one_latent_changed(opened):
    model = small_model()
    page = opened(model, images=some_images(20))
    page.locator("#slider-1").press("End")
    settle(page)
    for latent in (0, 1):
        for stop, code in enumerate(
            page.evaluate(f"explorer.run.latents[{latent}].stops")
        ):
            codes = codes_of(page)
            codes[latent] = code
            page.evaluate(
                "([latent, stop]) => { document.querySelectorAll("
                "`#latent-${latent} canvas`)[stop].id = 'looked-at'; }",
                [latent, stop],
            )
            found = shown(page, "looked-at")
            page.evaluate("document.getElementById('looked-at').id = ''")
            wanted = model.decode_codes(codes[None]).reshape(-1, 3)
            assert np.abs(found - wanted).max() <= 0.51 * GREY_LEVEL


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_that_is_chosen_or_dropped_is_encoded(
    channels, opened, tmp_path
):
    shape = (16, 16, channels)
    model, images = small_model(shape=shape), some_images(20, shape)
    page = opened(model, images=images[:10], num_samples=0)
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, image in zip(paths, images[10:13], strict=True):
        Image.fromarray(image.squeeze()).save(path)
    page.locator("#file").set_input_files(paths[0])
    says(page, "Encoded and decoded, with")
    wanted = model.codes(images[10:13])
    assert codes_of(page).tolist() == wanted[0].tolist()
    assert np.array_equal(
        shown(page, "given", channels),
        images[10].reshape(-1, channels) / 255,
    )
    page.evaluate("document.getElementById('status').textContent = ''")
    drop(page, paths[1].read_bytes(), "image/png")
    says(page, "Encoded and decoded, with")
    assert codes_of(page).tolist() == wanted[1].tolist()
    page.evaluate("document.getElementById('status').textContent = ''")
    paste(page, paths[2].read_bytes(), "image/png")
    says(page, "Encoded and decoded, with")
    assert codes_of(page).tolist() == wanted[2].tolist()
    page.locator("#random").click()
    page.locator("#reset").click()
    settle(page)
    assert codes_of(page).tolist() == wanted[2].tolist()


def drop(page, content, kind):
    hand_over(page, content, kind, 'DragEvent("drop", { dataTransfer: data')


def paste(page, content, kind):
    hand_over(
        page, content, kind, 'ClipboardEvent("paste", {clipboardData: data'
    )


def hand_over(page, content, kind, event):
    page.evaluate(
        f"""([numbers, kind]) => {{ const data = new DataTransfer();
        const bytes = new Uint8Array(numbers);
        data.items.add(new File([bytes], "f", {{ type: kind }}));
        document.dispatchEvent(new {event}, bubbles: true,
          cancelable: true }})); }}""",
        [list(content), kind],
    )


def test_hostile_content_does_nothing(opened, tmp_path):
    names = [
        "</script><script>globalThis.hacked = 1</script>",
        "<img src=x onerror='globalThis.hacked = 1'>",
    ]
    images = some_images(20)
    page = opened(
        small_model(),
        images=images,
        factors=np.random.default_rng(0).integers(0, 3, (20, 2)),
        factor_names=names,
        title=names[0],
        about={names[1]: names[0]},
        scores=[(names[0], names[1], names[0])],
    )
    assert page.evaluate("globalThis.hacked ?? null") is None
    assert page.locator("h1").inner_text() == names[0]
    assert page.locator("img[src=x]").count() == 0
    before = codes_of(page)
    large = tmp_path / "large.png"
    large.write_bytes(bytes(50_000_000))
    page.locator("#file").set_input_files(large)
    says(page, "larger than 20 MB")
    png = tmp_path / "whole.png"
    Image.fromarray(images[0]).save(png)
    for content in (b"text", png.read_bytes()[:60], b""):
        page.evaluate("document.getElementById('status').textContent = ''")
        drop(page, content, "image/png")
        says(page, "cannot read this file as a picture")
    assert codes_of(page).tolist() == before.tolist()
    page.locator("#random").click()
    settle(page)
    assert page.requests == [page.path.as_uri()]


@pytest.mark.parametrize("kind", ["scalar", *slow("gaussian")])
def test_the_address_brings_the_codes_back(kind, opened):
    page = opened(small_model(kind), images=some_images(20))
    page.locator("#random").click()
    settle(page)
    codes, address = codes_of(page), page.evaluate("location.hash")
    again = opened(page.path, address)
    assert codes_of(again).tolist() == codes.tolist()
    start = opened(page.path, "#codes=9,9,9,9e9")
    assert codes_of(start).tolist() == page.evaluate("explorer.run.start")
    for wrong in ("#codes=1,2", "#codes=a,b,c,d", "#codes=,,,", "#x"):
        again.evaluate(f"location.hash = {wrong!r}")
        settle(again)
        assert codes_of(again).tolist() == codes.tolist()
    start.evaluate(f"location.hash = {address!r}")
    wait(start, f"explorer.codes().join() === {codes.tolist()}.join()")


def test_from_a_to_b(opened):
    model, images = small_model(), some_images(20)
    page = opened(model, images=images)
    wanted = model.codes(images)
    page.locator("#samples button").nth(11).click()
    settle(page)
    assert codes_of(page).tolist() == wanted[19].tolist()
    assert page.locator("#largest").inner_text() == "none"
    codes = wanted[19].copy()
    codes[:] = [4 - codes[0], 2 - codes[1], 3 - codes[2], 4 - codes[3]]
    page.evaluate("row => explorer.choose(row)", codes.tolist())
    settle(page)
    page.locator("#set-B").click()
    says(page, "now B")
    difference = np.abs(
        model.decode_codes(codes[None]) - model.decode_codes(wanted[19:])
    ).mean(axis=-1)
    assert page.locator("#largest").inner_text() == (
        f"white = {difference.max():.2f}"
    )
    found = shown(page, "difference", 1) * difference.max()
    assert np.abs(found - difference.reshape(-1, 1)).max() < GREY_LEVEL
    take = page.locator("#latent-0 .take")
    take.nth(0).click()
    settle(page)
    mixed = [wanted[19][0], *codes[1:]]
    assert codes_of(page).tolist() == mixed
    assert take.nth(0).is_disabled()
    page.locator("#way").fill("100")
    settle(page)
    assert codes_of(page).tolist() == codes.tolist()
    page.locator("#way").fill("50")
    settle(page)
    middle = codes_of(page)
    assert (middle != codes).any()
    assert (middle >= np.minimum(codes, wanted[19])).all()
    assert (middle <= np.maximum(codes, wanted[19])).all()
    page.locator("#go-A").click()
    settle(page)
    assert codes_of(page).tolist() == wanted[19].tolist()


def test_a_value_that_no_image_has_gives_a_warning(opened):
    model, images = small_model(), some_images(6)
    page = opened(model, images=images)
    warning = page.locator("#warning")
    assert warning.inner_text() == ""
    counts = page.evaluate("explorer.run.latents[0].counts")
    never = counts.index(0)
    page.locator("#latent-0 .values button").nth(never).click()
    settle(page)
    assert "No image has latent 0 at" in warning.inner_text()
    text = page.locator("#slider-0").get_attribute("aria-valuetext")
    assert text.startswith(f"value {never + 1} of 5, ")
    assert text.endswith("in none of the images")
    page = opened(small_model("continuous"), images=images)
    page.evaluate("explorer.choose([50, -50, 50, -50])")
    settle(page)
    assert "combination of values" in page.locator("#warning").inner_text()


def test_the_table_selects_and_latents_stand_under_their_factor(opened):
    nmi = [[0.1, 0.9, 0.01, 0.8], [0.7, 0.2, 0.04, 0.0]]
    page = opened(
        small_model(),
        nmi=nmi,
        is_active=[True, True, True, False],
        factor_names=["wall_hue", "shape"],
    )
    titles = page.locator("#latents h2").all_inner_texts()
    assert [title.split(" the same")[0] for title in sorted(titles)] == [
        "Inactive",
        "No factor in particular",
        "shape",
        "wall hue",
    ]
    card = page.locator("#latents section", has=page.locator("#latent-1"))
    assert card.locator("h2").inner_text() == "wall hue"
    page.locator("td[data-cell='1-0']").click()
    assert page.evaluate("document.activeElement.id") == "slider-0"
    assert (
        page.locator("#latent-0.chosen, td[data-cell='1-0'].chosen").count()
        == 2
    )
    page.get_by_role(
        "button",
        name="Go to the latent with most information on wall hue",
    ).click()
    assert page.evaluate("document.activeElement.id") == "slider-1"


def test_codes_are_copied_as_python_and_the_image_saved(opened, tmp_path):
    model = small_model()
    page = opened(model)
    page.locator("#random").click()
    settle(page)
    page.evaluate(
        "navigator.clipboard.writeText = "
        "async text => { globalThis.copied = text }"
    )
    page.locator("#python").click()
    says(page, "Copied Python")
    names = {"model": model}
    exec(page.evaluate("globalThis.copied"), names)
    wanted = model.decode_codes(codes_of(page)[None])
    assert np.array_equal(names["images"], wanted)
    page.locator("#link").click()
    says(page, "Copied the address")
    link = page.evaluate("globalThis.copied")
    assert link == page.path.as_uri() + page.evaluate("location.hash")
    with page.expect_download() as download:
        page.locator("#save").click()
    saved = tmp_path / "saved.png"
    download.value.save_as(saved)
    found = np.asarray(Image.open(saved).convert("RGB")) / 255
    assert np.abs(found - wanted[0]).max() <= 0.51 * GREY_LEVEL


def test_it_fits_every_width_and_axe_finds_no_fault(opened):
    images = some_images(20)
    page = opened(
        small_model(),
        images=images,
        factors=np.random.default_rng(0).integers(0, 3, (20, 2)),
        scores=[("InfoM", "0.5", "modularity")],
        sections=[explorer.Section("Settings", "<p>Plain.</p>")],
    )
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="NOT TESTED: accessibility. Install axe-playwright-python",
    )
    page.emulate_media(reduced_motion="reduce")
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for scheme in ("light", "dark") if width != 320 else ():
            page.emulate_media(color_scheme=scheme)
            found = axe.Axe().run(page).response["violations"]
            faults = [(each["id"], each["nodes"][0]["html"]) for each in found]
            assert faults == [], (width, scheme)


def test_the_keyboard_reaches_everything_and_focus_is_seen(opened):
    """Tab stops at every control, and at no thumbnail: sliders are theirs."""
    images = some_images(20)
    page = opened(
        small_model(),
        images=images,
        factors=np.random.default_rng(0).integers(0, 3, (20, 2)),
    )
    page.locator("#set-B").click()
    page.locator("#random").click()
    settle(page)
    page.locator("#theme").focus()
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const own = document.activeElement;
            const look = getComputedStyle(own);
            return own === document.body ? null : [own.id || own.className
              || own.getAttribute("aria-label"), look.outlineStyle,
              parseFloat(look.outlineWidth)]; }"""
        )
        if found is None:
            break
        name, style, width = found
        assert (style, width) == ("solid", 3), name
        reached.append(name)
    wanted = ["random", "reset", "open", "link", "python", "save"]
    wanted += ["set-A", "set-B", "go-A", "go-B", "way"]
    wanted += [f"slider-{i}" for i in range(4)]
    assert set(wanted) <= set(reached)
    assert sum("held-out" in name for name in reached) == 12
    assert sum(name.startswith("Go to latent") for name in reached) == 4
    thumbnails = "Array.from(document.querySelectorAll('.values button'))"
    assert page.evaluate(f"{thumbnails}.every(each => each.tabIndex === -1)")


def test_reduced_motion_disables_animations(opened):
    """The page jumps to rows at once, and nothing fades."""
    nmi = [[0.1, 0.9, 0.01, 0.8]]
    page = opened(small_model(), nmi=nmi, factor_names=["shape"])
    page.evaluate(
        """() => { Element.prototype.scrollIntoView = function (options) {
        globalThis.behavior = options.behavior; }; }"""
    )
    for motion, behavior, seconds in (
        ("no-preference", "smooth", "0.2s"),
        ("reduce", "auto", "0s"),
    ):
        page.emulate_media(reduced_motion=motion)
        page.locator("td[data-cell='0-3']").click()
        assert page.evaluate("globalThis.behavior") == behavior
        fading = "getComputedStyle($('latents')).transitionDuration"
        fading = fading.replace("$", "document.getElementById")
        assert page.evaluate(fading) == seconds


@pytest.mark.parametrize("kind", ["scalar", *slow("continuous")])
def test_the_served_page_computes_on_the_server(kind, opened, browser):
    model, images = small_model(kind), some_images(20)
    with explorer.serve(model, images=images) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        page = browser.new_page()
        page.goto(server.url)
        settle(page)
        assert page.evaluate("explorer.error ?? null") is None
        codes = random_codes(model, 20)
        for row in codes[:3]:
            page.evaluate("row => explorer.choose(row)", row.tolist())
            settle(page)
            wanted = model.decode_codes(row[None]).reshape(-1, 3)
            assert np.abs(shown(page) - wanted).max() <= 0.51 * GREY_LEVEL
        pixels = (images[7] / 255).ravel().tolist()
        found = page.evaluate(
            "pixels => explorer.encode(Float32Array.from(pixels))", pixels
        )
        assert np.allclose(found, model.codes(images[7:8])[0], atol=1e-5)
        page.close()
        server.shutdown()
        thread.join()
