"""The page in a real browser: Chromium as the distribution has it, without a window."""

import contextlib
import functools
import http.server
import io
import re
import threading
from pathlib import Path

import browsers
import numpy as np
import pytest
from browsers import chromium
from painters import as_in_a_file
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from restyle.models.transform_config import TransformConfig

from restyle.color import keep_luminance
from restyle.networks import load_network, network_title, painted_by, pretrained_names
from restyle.page.export import export_page
from restyle.page.runtime import runtime_folder
from restyle.paint.stylizer import Look

pytestmark = pytest.mark.browser
PATIENCE = 180_000  # Milliseconds until a test gives up: machines are busy at times.
LEVELS = 2 / 255
SMALL = "?network=small"
IN_PAGE = (Path(__file__).parent / "in_page.js").read_text()
SHIPPED = pretrained_names()[0], pretrained_names()[-1]


@pytest.fixture(scope="module")
def networks():
    """Small ones, with every dial and with none; the first and the last that come with restyle."""
    dials = {"strength": True, "stroke_sizes": (128, 256)}
    small = TransformConfig(width=2, residual_blocks=1, styles=("one", "two_b"), **dials)
    shapes = {"small": small, "plain": TransformConfig(2, 1, strength=False)}
    generator = np.random.default_rng(3)
    random = {name: as_in_a_file(shape, generator, 0.1) for name, shape in shapes.items()}
    return random | {name: load_network(name) for name in SHIPPED}


class Site(http.server.SimpleHTTPRequestHandler):
    """Sends files; nothing, while `asleep`."""

    asleep = False

    def do_GET(self):
        if Site.asleep:
            self.close_connection = True
        else:
            super().do_GET()

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def address(networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    export_page(networks, folder, runtime=runtime_folder())
    handler = functools.partial(Site, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright):
    with chromium(playwright, "--disable-gpu") as browser:
        yield browser


@contextlib.contextmanager
def visited(browser, address, query="", **how):
    """Yields the page after its first painting, as browsers.visited does."""
    how |= {"patience": PATIENCE, "kinds": ("error", "warning")}
    with browsers.visited(browser, address, query, **how) as page:
        wait_until_painted(page)
        yield page


@pytest.fixture(scope="module")
def page(browser, address):
    with visited(browser, address, reduced_motion="reduce") as page:
        yield page


def wait_until_painted(page):
    expect(page.locator("#save")).to_be_enabled(timeout=PATIENCE)
    expect(page.locator("#comparison[aria-busy=false]")).to_be_attached(timeout=PATIENCE)


def in_page(page, function, given=None):
    """What a function of tests/in_page.js returns."""
    return page.evaluate(f"given => {{ {IN_PAGE} return {function}(given); }}", given)


def look_of(dials):
    return {"network": "small", "dials": dials, "keepColors": False}


def picture_file(pixels, form="PNG", name="photo.png", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return {"name": name, "mimeType": f"image/{form.lower()}", "buffer": file.getvalue()}


def levels(height, width, seed=0):
    """A picture of soft noise, uint8."""
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (height // 5 + 1, width // 5 + 1, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def choose(page, file):
    page.set_input_files("#file", file)
    wait_until_painted(page)


def saved(page, kind="PNG"):
    """The picture as the dialog saves it at full size, float32 in [0, 1]."""
    page.click("#save")
    page.locator("label", has_text=kind).click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#saving-save")
    with Image.open(download.value.path()) as image:
        assert image.format == kind
        return np.asarray(image.convert("RGB"), np.float32) / 255


def set_slider(page, name, percent):
    page.get_by_role("slider", name=name).fill(str(percent))


def painted(network, pixels, *, strength=1.0, **dials):
    """What Keras gives, float32 in [0, 1]; of several styles the first, unless asked otherwise."""
    photo, config = pixels.astype(np.float32)[np.newaxis] / 255, network.config
    first = tuple(np.eye(len(config.styles))[0])
    look = Look(**{"style_blend_weights": first, "strength": strength, **dials})
    result = np.asarray(network(look.inputs(photo, config)))
    if not config.strength:
        result = photo + strength * (result - photo)
    return result[0]


@pytest.mark.parametrize("name", ["small", "plain", *SHIPPED])
def test_the_page_paints_what_keras_paints(page, networks, name):
    pixels = levels(61, 83)
    page.get_by_role("radio", name=network_title(name), exact=True).check()
    choose(page, picture_file(pixels))

    result = saved(page)

    np.testing.assert_allclose(result, painted(networks[name], pixels), atol=LEVELS)
    expect(page.locator("#detail")).to_contain_text("83 × 61")
    by = painted_by(networks[name].config.styles[0])
    expect(page.locator("#painter")).to_have_text(f"after {by}" if by else "")


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (71, 2)])
def test_any_size_is_painted(page, networks, size):
    pixels = levels(*size)
    page.get_by_role("radio", name="Small").check()
    choose(page, picture_file(pixels))

    np.testing.assert_allclose(saved(page), painted(networks["small"], pixels), atol=LEVELS)


def test_sliders_steer_the_network(page, networks):
    pixels = levels(40, 50)
    page.get_by_role("radio", name="Small").check()
    choose(page, picture_file(pixels))
    set_slider(page, "One", 25)
    set_slider(page, "Two B", 75)
    set_slider(page, "Strength", 60)
    set_slider(page, "Stroke size", 80)

    dials = {"strength": 0.6, "stroke": 0.8, "style_blend_weights": (0.25, 0.75)}
    expected = painted(networks["small"], pixels, **dials)

    np.testing.assert_allclose(saved(page), expected, atol=LEVELS)


def test_a_network_without_a_dial_is_laid_over_the_photo(page, networks):
    pixels = levels(40, 50)
    page.get_by_role("radio", name="Plain").check()
    choose(page, picture_file(pixels))
    set_slider(page, "Strength", 30)
    expected = painted(networks["plain"], pixels, strength=0.3)

    np.testing.assert_allclose(saved(page), expected, atol=LEVELS)

    page.get_by_role("switch").check()
    kept = keep_luminance(expected, pixels.astype(np.float32) / 255)
    np.testing.assert_allclose(saved(page), kept, atol=LEVELS)
    page.get_by_role("switch").uncheck()
    set_slider(page, "Strength", 0)
    np.testing.assert_allclose(saved(page), pixels / 255, atol=1e-6)
    set_slider(page, "Strength", 100)


def test_a_photo_of_12_megapixels_is_painted_at_its_size_unless_canceled(page):
    """In bands, which the next test compares with Keras."""
    page.get_by_role("radio", name="Small").check()
    choose(page, picture_file(levels(3000, 4000), "JPEG", "large.jpg"))
    expect(page.locator("#detail")).not_to_contain_text("4000")
    downloads = []
    page.on("download", lambda download: downloads.append(download))
    page.click("#save")
    in_page(page, "cancelWhenBegun")
    page.click("#saving-save")
    expect(page.locator("#saving")).to_be_hidden(timeout=PATIENCE)

    result = saved(page, "JPEG")

    assert len(downloads) == 1
    assert result.shape == (3000, 4000, 3)
    assert result.std() > 0.02


def paint_at_once_and_in_bands(page, networks, pixels, asked):
    """The name of the engine that painted, when it has painted like Keras both times."""
    dials = {"strength": 0.7, "stroke": 0.2}
    look = look_of(dials | {"style_weights": [0.5, 0.5]})
    photo = {"bytes": list(picture_file(pixels)["buffer"]), "asked": asked}
    engine, results = in_page(page, "paintTwice", photo | {"look": look})
    expected = painted(networks["small"], pixels, style_blend_weights=(0.5, 0.5), **dials)
    for result in results:
        with Image.open(io.BytesIO(bytes(result))) as image:
            levels = np.asarray(image.convert("RGB")) / 255
        np.testing.assert_allclose(levels, expected, atol=LEVELS)
    return engine


def test_bands_give_the_picture_of_a_whole(page, networks):
    paint_at_once_and_in_bands(page, networks, levels(203, 157), "wasm")


@pytest.fixture(scope="module")
def bare_page(playwright, address):
    """Without a service worker; in a browser whose processor imitates a graphics processor."""
    switches = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    blocked = ["Service Worker registration blocked by Playwright"]
    with chromium(playwright, *switches, "--enable-features=Vulkan") as browser:
        query = f"{SMALL}&engine=wasm"
        with visited(browser, address, query, expected=blocked, service_workers="block") as page:
            yield page


def test_it_works_without_a_service_worker_and_without_threads(bare_page):
    expect(bare_page.locator("#engine")).to_contain_text("WebAssembly, 1 thread,")


def test_webgpu_paints_what_keras_paints(bare_page, networks):
    pixels = levels(21, 34)
    assert paint_at_once_and_in_bands(bare_page, networks, pixels, "webgpu") == "WebGPU"


def test_a_sideways_photo_is_turned_upright(page):
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by a quarter clockwise.
    choose(page, picture_file(levels(30, 70), "JPEG", "phone.jpg", exif=exif))

    assert saved(page).shape == (70, 30, 3)


def test_a_broken_file_is_answered_by_a_sentence_and_nothing_is_lost(page):
    choose(page, picture_file(levels(33, 44)))
    broken = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files("#file", broken)

    expect(page.get_by_role("alert")).to_contain_text("“notes.txt” cannot be read.")
    assert saved(page).shape == (33, 44, 3)
    choose(page, picture_file(levels(22, 44)))
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_painting_is_saved_as_it_is_shown(page, networks):
    page.get_by_role("radio", name="Small").check()
    choose(page, picture_file(levels(1000, 1500)))
    page.click("#save")
    page.get_by_text("As shown").click()
    page.locator("label", has_text="PNG").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.click("#saving-save")

    with Image.open(download.value.path()) as image:
        width, height = image.size
    assert download.value.suggested_filename == "photo-small.png"
    assert width < 1500 and abs(width / height - 1.5) < 0.01
    expect(page.locator("#detail")).to_contain_text(f"{width} × {height}")


def test_an_estimate_is_mixed_of_paintings_and_is_near_the_painting(page, networks):
    look = look_of({"strength": 0.8, "stroke": 0.6, "style_weights": [0.3, 0.7]})
    photo = {"bytes": list(picture_file(levels(30, 40))["buffer"]), "asked": "wasm"}

    before, estimate, painting = in_page(page, "estimate", photo | {"look": look})

    estimate, painting, photo = np.array(estimate), np.array(painting), levels(30, 40)
    assert before is None
    assert np.abs(estimate - painting).mean() < 12
    assert np.abs(painting.reshape(30, 40, 4)[..., :3] - photo.astype(float)).mean() > 24


def test_the_camera_is_painted_live_and_gives_a_picture(page):
    page.get_by_role("radio", name="Small").check()
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#detail")).to_contain_text("frames per second", timeout=PATIENCE)

    page.get_by_role("button", name="Take picture").click()
    wait_until_painted(page)

    height, width, _ = saved(page).shape
    assert width >= 640 and height >= 480  # As Chromium's imitated camera films.
    expect(page.get_by_role("button", name="Camera", exact=True)).to_be_visible()


def test_the_divider_moves_by_keyboard(page):
    divider = page.get_by_role("slider", name="How much of the photo")
    divider.focus()
    before = float(divider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(divider.input_value()) == before + 5
    page.keyboard.press("ArrowLeft")
    assert float(divider.input_value()) == before


def test_everything_that_can_be_used_has_a_name_and_can_be_reached_by_keyboard(page):
    page.get_by_role("radio", name="Small").check()
    assert in_page(page, "nameless") == []

    page.get_by_role("slider", name="How much of the photo").focus()
    reached = set()
    for _ in range(12):
        reached.add(page.evaluate("document.activeElement.ariaLabel || document.activeElement.id"))
        page.keyboard.press("Tab")
    sliders = {"One", "Two B", "Strength", "Stroke size"}
    assert {"choose", "camera", "save", *sliders} <= reached


def luminance(color):
    """Relative luminance of "rgb(r, g, b)", as WCAG 2 defines it."""
    levels = np.array([int(level) for level in color[4:-1].split(",")]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_ground(page, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for text in ("h1", "header p", "#title", "#detail", "#choose", "#camera", ".thumbnail span"):
        ink, ground = sorted(map(luminance, in_page(page, "colorsOf", text)))
        assert (ground + 0.05) / (ink + 0.05) >= 4.5, text
    page.emulate_media(color_scheme="light", reduced_motion="reduce")


def test_it_has_threads_on_a_host_that_sends_no_headers(page):
    threads = min(page.evaluate("navigator.hardwareConcurrency"), 4)

    expect(page.locator("#engine")).to_contain_text(re.compile(rf"WebAssembly, {threads}|[5-8]"))


def test_it_begins_again_without_a_network(browser, address, networks):
    other = network_title(SHIPPED[0])
    with visited(browser, address, SMALL) as page:
        try:
            Site.asleep = True
            page.get_by_role("radio", name=other, exact=True).check()
            expect(page.get_by_role("alert")).to_contain_text(f"{other} could not be fetched")
            page.reload()
            wait_until_painted(page)
            pixels = levels(30, 40)
            choose(page, picture_file(pixels))
            expected = painted(networks["small"], pixels)
            np.testing.assert_allclose(saved(page), expected, atol=LEVELS)
        finally:
            Site.asleep = False
        page.get_by_role("radio", name=other, exact=True).check()
        expect(page.locator("#title")).to_have_text(other, timeout=PATIENCE)
