"""The app in a real browser: Chromium as the distribution has it, without a window."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import browsers
import numpy as np
import pytest
from browsers import chromium
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from restyle.models.transform_config import TransformConfig
from restyle.models.transform_net import TransformNet
from video_clips import frames_of, numbered, write_clip

from restyle.exact.settings import PictureObjective
from restyle.media.images import read_recipe
from restyle.networks import save_network

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180_000  # Milliseconds until a test gives up: machines are busy at times.
expect.set_options(timeout=PATIENCE)
# A run that outlasts what a test does meanwhile; a small one may converge before that.
LONG = {"size": 512, "iterations": 1000}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A small network of two styles."""
    path = tmp_path_factory.mktemp("networks") / "tiny.keras"
    shape = TransformConfig(width=2, residual_blocks=1, styles=("sun", "moon"), strength=True)
    save_network(TransformNet(shape), path, "{}")
    return path


@contextlib.contextmanager
def ended(process):
    """In the end there is no such process any more."""
    with process:
        try:
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(network, keras_home, tmp_path_factory):
    """Where the app is served. In the end nothing of it is left."""
    temporary = tmp_path_factory.mktemp("temporary")
    process = subprocess.Popen(
        [sys.executable, "-m", "restyle.app", "--port=0", f"--model={network}"],
        cwd=ROOT,
        env={**os.environ, "KERAS_HOME": str(keras_home), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with ended(process):
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://[\w.:]+", line)
        assert found, line + process.stdout.read()
        yield found[0]
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE / 1000)[0]
    assert "Traceback" not in said, said
    assert list(temporary.glob("restyle-*")) == []


@pytest.fixture(scope="module")
def browser(address):
    with sync_playwright() as playwright, chromium(playwright, "--disable-gpu") as browser:
        yield browser


@contextlib.contextmanager
def visited(browser, address, tab="Optimize", **how):
    """Yields the page of a new visitor, as browsers.visited does, at a tab."""
    how |= {"patience": PATIENCE, "reduced_motion": "reduce"}
    with browsers.visited(browser, address, **how) as page:
        go_to(page, tab)
        yield page


def go_to(page, tab):
    page.get_by_role("tab", name=tab, exact=True).click()


def says(page, kind, text):
    """Waits until the status of the job of a kind holds the text."""
    expect(page.locator(f"#{kind}-status")).to_contain_text(text)


def upload(page, where, files):
    """Chooses files in the part of the page, and waits until they have been sent."""
    with page.expect_response(lambda answer: "/upload?" in answer.url, timeout=PATIENCE):
        page.locator(f"{where} input[type=file]").first.set_input_files(files)


def set_number(page, name, value):
    box = page.get_by_label(f"number input for {name}", exact=True)
    box.fill(str(value))
    box.blur()


def ask_picture(page, pictures, size=64, iterations=10):
    upload(page, "#optimize-photo", pictures / "photo.png")
    upload(page, "#optimize-paintings", [pictures / "painting.png", pictures / "other.png"])
    expect(page.get_by_label("number input for Weight of Other")).to_be_visible()
    set_number(page, "Size", size)
    set_number(page, "Iterations", iterations)
    page.click("#optimize-start")


def downloaded(page, kind, folder):
    """What was made, saved into a folder under the name that the browser would give it."""
    with page.expect_download(timeout=PATIENCE) as download:
        page.click(f"#{kind}-download")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_picture_grows_and_is_downloaded_with_its_recipe(browser, address, pictures, tmp_path):
    with visited(browser, address) as page:
        set_number(page, "Content weight", 0.3)
        page.get_by_role("button", name="More settings").first.click()
        page.get_by_label("Without specks").check()
        ask_picture(page, pictures)
        says(page, "optimize", "Photo after Painting, Other")
        says(page, "optimize", "Done. Iteration 10 of 10, 64 × 43")
        says(page, "optimize", "content conv4_2")
        expect(page.locator("#optimize-picture img")).to_have_js_property("naturalWidth", 64)
        path = downloaded(page, "optimize", tmp_path)

    assert path.name == "photo_painting.png"
    with Image.open(path) as picture:
        assert picture.size == (64, 43)
    settings = json.loads(read_recipe(path))["settings"]
    assert (settings["content_weight"], settings["iterations"]) == (0.3, 10)
    assert settings["despeckle"] == 3
    assert settings["tv_weight"] == PictureObjective().tv_weight
    assert settings["style_blend_weights"] == [1, 1]


def test_a_job_survives_a_reload_and_is_stopped_and_kept(browser, address, pictures):
    with visited(browser, address) as page:
        ask_picture(page, pictures, **LONG)
        says(page, "optimize", "of 1000")
        page.reload()
        says(page, "optimize", "of 1000")
        expect(page.locator("#optimize-picture img")).to_be_visible()
        expect(page.locator("#optimize-start")).to_be_disabled()
        page.click("#optimize-stop")
        says(page, "optimize", "Done. Iteration")
        expect(page.locator("#optimize-download")).to_be_visible()


def test_two_visitors_wait_for_each_other_and_see_nothing_of_each_other(browser, address, pictures):
    with visited(browser, address) as one, visited(browser, address) as two:
        ask_picture(one, pictures, **LONG)
        says(one, "optimize", "of 1000")
        ask_picture(two, pictures)
        says(two, "optimize", "Waiting for 1 job before it")
        one.click("#optimize-cancel")
        says(one, "optimize", "Canceled.")
        expect(one.locator("#optimize-download")).to_be_hidden()
        says(two, "optimize", "Done.")
        shown = two.locator("#optimize-picture img").get_attribute("src")
        one.reload()
        says(one, "optimize", "Canceled.")
        assert shown not in one.content()


def not_a_picture(path):
    path.write_text("Buy milk.")


def of_196_megapixels(path):
    Image.new("1", (14_000, 14_000)).save(path, "PNG")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (not_a_picture, "'notes.jpg' is not a picture in a known format"),
        (of_196_megapixels, "'notes.jpg' is too large"),
    ],
)
def test_a_bad_file_is_answered_in_one_line(browser, address, pictures, tmp_path, made, said):
    made(tmp_path / "notes.jpg")
    with visited(browser, address) as page:
        upload(page, "#optimize-photo", tmp_path / "notes.jpg")
        upload(page, "#optimize-paintings", pictures / "painting.png")
        page.click("#optimize-start")
        line = page.get_by_text(said)
        expect(line).to_be_visible()
        assert "Traceback" not in line.inner_text() and "/" not in line.inner_text()


def test_photos_are_painted_and_one_that_is_broken_is_named(
    browser, address, pictures, tmp_path, network
):
    (tmp_path / "broken.jpg").write_text("no picture")
    with visited(browser, address, "Paint") as page:
        page.get_by_role("radio", name="Tiny").check()
        expect(page.get_by_label("number input for Moon")).to_be_visible()
        set_number(page, "Strength", 0.5)
        photos = [pictures / "photo.png", tmp_path / "broken.jpg", pictures / "other.png"]
        upload(page, "#paint-photos", photos)
        page.click("#paint-start")
        says(page, "paint", "Done. 3 of 3 pictures")
        says(page, "paint", "'broken.jpg' is not a picture")
        expect(page.locator("#paint-gallery img")).to_have_count(2)
        path = downloaded(page, "paint", tmp_path)

    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["photo.png", "other.png"]
        with Image.open(io.BytesIO(archive.read("photo.png"))) as picture:
            assert picture.size == (60, 40)
            recipe = json.loads(picture.text["restyle"])
    assert recipe["settings"]["strength"] == 0.5
    assert recipe["settings"]["style_blend_weights"] == [1, 0]


def test_a_video_is_painted(browser, address, tmp_path):
    write_clip(tmp_path / "clip.mp4", numbered(6))
    with visited(browser, address, "Paint") as page:
        page.get_by_role("radio", name="Tiny").check()
        go_to(page, "Video")
        upload(page, "#video-source", tmp_path / "clip.mp4")
        page.click("#video-start")
        says(page, "video", "Done.")
        expect(page.locator("#video-painted video")).to_be_visible()
        path = downloaded(page, "video", tmp_path)

    assert path.name == "clip_tiny.mp4"
    assert len(frames_of(path)) == 6


def test_the_camera_is_painted_as_it_films(browser, address):
    with visited(browser, address, "Paint", permissions=["camera"]) as page:
        page.get_by_role("radio", name="Tiny").check()
        go_to(page, "Camera")
        page.get_by_role("button", name="Click to Access Webcam").click()
        page.get_by_text("Record", exact=True).click()
        expect(page.locator("#camera-painted img")).to_be_visible()
        first = page.locator("#camera-painted img").get_attribute("src")
        expect(page.locator("#camera-painted img")).not_to_have_attribute("src", first)


def test_a_network_is_trained_and_paints(browser, address, pictures, photos, tmp_path):
    with visited(browser, address, "Train") as page:
        upload(page, "#train-painting", pictures / "painting.png")
        upload(page, "#train-photos", photos)
        page.get_by_label("Name").fill("my waves")
        page.get_by_role("button", name="More settings").last.click()
        page.get_by_role("radio", name="8", exact=True).check()
        for name, value in (("Side of a crop", 64), ("Stroke size", 64)):
            box = page.get_by_label(f"number input for {name}", exact=True).last
            box.fill(str(value))
            box.blur()
        page.click("#train-start")
        says(page, "train", "Step")
        expect(page.locator("#train-preview img")).to_be_visible()
        page.click("#train-stop")
        says(page, "train", "Done. my_waves, after")
        assert downloaded(page, "train", tmp_path).name == "my_waves.keras"
        go_to(page, "Paint")
        page.get_by_role("radio", name="My Waves").check()
        upload(page, "#paint-photos", pictures / "photo.png")
        page.click("#paint-start")
        says(page, "paint", "Done. 1 of 1 pictures")


@pytest.mark.parametrize("tab", ["Optimize", "Paint", "Train"])
def test_a_phone_shows_all_without_scrolling_sideways(browser, address, tab):
    with visited(browser, address, tab, viewport={"width": 390, "height": 844}) as page:
        expect(page.locator(".masthead")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


EXAMPLES = re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "docs" / "app.md").read_text(), re.S)
ASKING = [(kind, text) for kind, text in EXAMPLES if "7860" in text and "docker" not in text]


@pytest.mark.parametrize(("kind", "example"), ASKING, ids=[kind for kind, _ in ASKING])
def test_a_program_is_answered_as_the_documentation_says(
    kind, example, address, pictures, tmp_path
):
    for name, source in (("photo.jpg", "photo"), ("painting.jpg", "painting")):
        with Image.open(pictures / f"{source}.png") as picture:
            picture.save(tmp_path / name)
    example = example.replace("http://127.0.0.1:7860", address).replace("300", "2")
    example = example.replace("512", "64").replace("starry_night", "tiny")
    command = ["bash", "-ec", example] if kind == "bash" else [sys.executable, "-c", example]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    made = {*tmp_path.glob("*.*g")} - {tmp_path / "photo.jpg", tmp_path / "painting.jpg"}
    assert made
    for path in made:
        with Image.open(path) as picture:
            assert np.ptp(np.asarray(picture)) > 25
