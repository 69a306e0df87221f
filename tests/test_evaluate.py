"""evaluate.py as a person uses it, mostly in this process: TensorFlow is slow to start."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from imported_by import imported_by
from painters import random_network
from picture_files import pixels_of
from PIL import Image
from restyle.models.transform_config import TransformConfig
from video_clips import frames_of

from restyle.media.animations import read_animation, write_animation
from restyle.media.images import image_size
from restyle.networks import network_path, pretrained_names, save_network
from restyle.record.recipe import file_sha256

PROGRAM = Path(__file__).resolve().parent.parent / "evaluate.py"
RNG = np.random.default_rng(4)
EXACT = ["--engine=tensorflow", "--precision=float32"]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A folder with the random networks one.keras and two.keras, of two styles with a dial."""
    folder = tmp_path_factory.mktemp("networks")
    for name, styles in (("one", ("rain",)), ("two", ("sky", "sea"))):
        network = random_network(TransformConfig(4, 1, styles, strength=name == "two"), RNG)
        save_network(network, folder / f"{name}.keras", json.dumps({"styles": styles}))
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of pictures of many sizes and formats, one in a folder of its own."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "album").mkdir()
    names = ("pixel.png", "strip.png", "tall.bmp", "a.jpg", "b.webp", "album/c.gif")
    sizes = ((1, 1), (1, 4000), (41, 3), (21, 30), (30, 21), (13, 17))
    for name, size in zip(names, sizes, strict=True):
        levels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(levels).save(folder / name)
    return folder


@pytest.fixture
def paint(paint_with, networks, photos, tmp_path):
    """Paints a.jpg to out.png, unless more arguments say otherwise; the answer."""

    def paint(*arguments, model="one"):
        usual = [f"--model={networks}/{model}.keras", f"--input={photos}/a.jpg"]
        return paint_with(*usual, f"--output={tmp_path}/out.png", *EXACT, *arguments)

    return paint


def painted_by_keras(path, photo, **more):
    """What the network of a file makes of a picture, without any of our own program."""
    import keras
    import restyle.models.transform_net  # noqa: F401

    inputs = {"images": photo[np.newaxis], **more}
    return np.asarray(keras.saving.load_model(path, compile=False)(inputs))[0]


def test_pictures_of_any_size_come_out_in_their_size_as_the_network_paints_them(
    paint, networks, photos, tmp_path
):
    answer = paint(f"--input={photos}", f"--output={tmp_path}/new/out", "--format=.png")

    assert (answer.status, answer.out) == (0, "")
    assert answer.error.splitlines()[-1] == "6 painted, 0 failed."
    for source in photos.rglob("*.*"):
        result = tmp_path / "new" / "out" / source.relative_to(photos).with_suffix(".png")
        expected = painted_by_keras(networks / "one.keras", pixels_of(source))
        np.testing.assert_allclose(pixels_of(result), expected, atol=1.01 / 255)


def test_the_flags_for_the_look_reach_the_network(paint, networks, photos, tmp_path):
    photo = pixels_of(photos / "a.jpg")
    steering = {"style_weights": np.array([[0.25, 0.75]]), "strength": np.array([[0.5]])}
    expected = painted_by_keras(networks / "two.keras", photo, **steering)

    answer = paint("--style_blend_weights=1,3", "--strength=0.5", model="two")

    assert answer.status == 0 and "note" not in answer.error
    np.testing.assert_allclose(pixels_of(tmp_path / "out.png"), expected, atol=1.01 / 255)


def test_without_a_dial_strength_is_a_blend_and_a_note_says_so(paint, networks, photos, tmp_path):
    photo = pixels_of(photos / "a.jpg")
    expected = (photo + painted_by_keras(networks / "one.keras", photo)) / 2

    answer = paint("--strength=0.5")

    assert answer.status == 0 and answer.error.startswith("note: the network has no strength dial")
    np.testing.assert_allclose(pixels_of(tmp_path / "out.png"), expected, atol=1.01 / 255)


def test_max_size_and_the_names_of_another_program(paint_with, networks, photos, tmp_path):
    answer = paint_with(
        *(f"--checkpoint={networks}/one.keras", f"--in-path={photos}", "--max-size=10"),
        *(f"--out-path={tmp_path}", "--device=/cpu:0", "--engine=tensorflow"),
    )

    assert answer.status == 0
    assert image_size(tmp_path / "a.jpg") == (7, 10)
    assert image_size(tmp_path / "pixel.png") == (1, 1)


def test_a_bad_file_is_told_at_the_end_and_the_rest_is_painted(paint, tmp_path):
    (tmp_path / "in").mkdir()
    for name in "abc":
        Image.new("RGB", (4, 3)).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "b.png").write_text("no picture")

    answer = paint(f"--input={tmp_path}/in", f"--output={tmp_path}/out", "--json")

    assert answer.status == 1
    *_, failed, count = answer.error.splitlines()
    assert failed.startswith(f"failed: '{tmp_path}/in/b.png' is not a picture")
    assert count == "2 painted, 1 failed."
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert [line["output"] for line in lines] == [f"{tmp_path}/out/{name}.png" for name in "abc"]
    assert [bool(line["error"]) for line in lines] == [False, True, False]
    assert [(line["height"], line["width"]) for line in lines] == [(3, 4), (0, 0), (3, 4)]


def test_skip_existing_paints_what_is_missing_and_a_part_is_a_part(paint, photos, tmp_path):
    folder = [f"--input={photos}", f"--output={tmp_path}/out"]

    assert paint(*folder, "--shard=2/4").error.splitlines()[-1] == "2 painted, 0 failed."
    assert paint(*folder, "--skip_existing").error.splitlines()[-1] == "4 painted, 0 failed."
    done = paint(*folder, "--skip_existing")
    assert done == (0, "", "Nothing is left to paint.\n")


def test_networks_and_pictures_say_how_they_were_made(
    paint, paint_with, networks, photos, tmp_path
):
    paint("--max_size=9", "--preserve_color=luminance")

    network = paint_with(f"--show_recipe={networks}/two.keras")
    assert json.loads(network.out) == {"styles": ["sky", "sea"]}
    recipe = json.loads(paint_with(f"--show_recipe={tmp_path}/out.png").out)
    assert recipe["program"] == "evaluate.py"
    assert recipe["settings"]["max_size"] == 9
    assert recipe["settings"]["preserve_color"] == "luminance"
    assert recipe["settings"]["input"] == f"{photos}/a.jpg"
    assert recipe["inputs"].keys() == {f"{photos}/a.jpg", f"{networks}/one.keras"}
    assert not {"style_weight", "crf", "json"} & recipe["settings"].keys()


def test_a_picture_names_a_network_that_comes_with_restyle_and_no_folder_of_this_machine(
    paint, paint_with, photos, tmp_path
):
    paint("--model=wave", "--max_size=9")

    recipe = json.loads(paint_with(f"--show_recipe={tmp_path}/out.png").out)
    painted_by = {"wave": file_sha256(str(network_path("wave")))}
    assert recipe["inputs"] == {f"{photos}/a.jpg": file_sha256(str(photos / "a.jpg")), **painted_by}


def test_a_picture_is_painted_again_by_its_recipe_and_flags_beside_it_win(
    paint, paint_with, tmp_path
):
    paint("--max_size=9", "--preserve_color=luminance")
    like = f"--like={tmp_path}/out.png"

    assert paint_with(like, f"--output={tmp_path}/again.png").status == 0
    assert paint_with(like, f"--output={tmp_path}/large.png", "--max_size=20").status == 0

    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out.png").read_bytes()
    assert image_size(tmp_path / "large.png") == (14, 20)


def test_a_dry_run_says_what_would_be_painted_and_paints_nothing(paint, photos, tmp_path):
    answer = paint(f"--input={photos}", f"--output={tmp_path}/out", "--strength=1", "--dry_run")

    lines = answer.out.splitlines()
    assert (answer.status, answer.error) == (0, "") and "strength: 1.0" in lines
    assert f"{photos}/tall.bmp -> {tmp_path}/out/tall.bmp" in lines
    assert not (tmp_path / "out").exists()


def test_the_networks_that_come_with_it_are_listed(paint_with):
    answer = paint_with("--list")

    assert (answer.status, answer.error) == (0, "")
    assert answer.out.split() == pretrained_names()


@pytest.fixture
def moving(tmp_path):
    """A GIF of three frames, smooth enough for what WebP loses of colors."""
    few = np.random.default_rng(0).integers(0, 256, (3, 3, 4, 3), dtype=np.uint8)
    frames = [Image.fromarray(pixels).resize((64, 48)) for pixels in few]
    times = {"duration": [100, 200, 50], "loop": 0}
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:], **times)
    return tmp_path / "moving.gif"


@pytest.mark.parametrize("name", ["out.gif", "out.webp"])
def test_an_animation_becomes_one_if_its_result_can_be_one(paint, moving, networks, name):
    answer = paint(f"--input={moving}", f"--output={moving.parent}/{name}", "--json")

    assert (answer.status, json.loads(answer.out)["error"]) == (0, "")
    source, result = read_animation(moving), read_animation(moving.parent / name)
    assert result.milliseconds == [100, 200, 50]
    for before, after in zip(source.pictures(), result.pictures(), strict=True):
        expected = painted_by_keras(networks / "one.keras", before.pixels)
        assert np.abs(after.pixels - expected).mean() < 0.08


def test_a_gif_becomes_a_video_if_its_result_is_called_one(paint, moving):
    answer = paint(f"--input={moving}", f"--output={moving.parent}/out.mp4", "--start=0.1")

    assert answer.status == 0 and "Wrote" in answer.error
    times = [float(frame.time) for frame in frames_of(moving.parent / "out.mp4")]
    assert times == pytest.approx([0, 0.2])


# What a person may get wrong: one line, and what was there before stays.


@pytest.fixture
def mistake(paint, tmp_path):
    """Runs into a mistake; returns the line that says so."""

    def mistake(*arguments, status=1, model="one"):
        (tmp_path / "out.png").write_bytes(b"an older picture")
        answer = paint(*arguments, model=model)
        assert (answer.status, answer.out) == (status, "")
        *_, last = answer.error.splitlines()
        assert answer.error.count("error: ") == 1 and last.startswith("error: ")
        assert (tmp_path / "out.png").read_bytes() == b"an older picture"
        assert not list(tmp_path.glob(".*"))
        return last

    return mistake


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--model=starry_nihgt", f"names {', '.join(pretrained_names())}."),
        ("--input=gone.jpg", "gone.jpg"),
        ("--output=out.xyz", "in which format to write"),
        ("--output=README.md/out.png", "Cannot make the folder"),
        ("--format=.xyz", "'.xyz'"),
        ("--shard=9/8", "'9/8'"),
        ("--mask=gone.png", "gone.png"),
        ("--input=camera:63", "There is no camera 63"),
        ("--style_blend_weights=1,2", "The network's styles: rain."),
        ("--like=gone.png", "gone.png"),
        ("--like=starry_night", "another program"),
    ],
)
def test_settings_that_do_not_fit_the_files(mistake, arguments, said):
    assert said in mistake(arguments)


@pytest.mark.parametrize("recipe", ["gone.png", "gone.keras"])
def test_where_there_is_no_recipe_the_file_is_named(paint_with, recipe):
    answer = paint_with(f"--show_recipe={recipe}")
    assert answer.status == 1 and recipe in answer.error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--model=", "Pass --model"),
        ("--input=", "Pass --input"),
        ("--output=", "Pass --output"),
        ("--max_size=-1", "max_size -1"),
        ("--smooth=1", "smooth 1"),
        ("--output=- --json", "--json"),
        ("--ray --output=-", "--ray"),
    ],
)
def test_flags_that_cannot_be_meant(mistake, arguments, said):
    assert said in mistake(*arguments.split(), status=2)


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        ("--duration=1", "for a picture or several"),
        ("--batch_size=2", "for a picture or several"),
        ("--style_weight=2", "for a picture or several"),
        ("--list", "with --list"),
        ("--export=new", "with --export"),
        ("--sheet=new.png", "with --sheet"),
    ],
)
def test_a_flag_that_does_nothing_is_refused(mistake, flag, why):
    error = mistake(flag, "--preserve_color=luminance", "--shard=1/2", status=2)
    assert "which does nothing" in error and why in error


def test_what_can_be_asked_of_one_kind_of_input_is_refused_for_another(mistake, moving):
    video = [f"--input={moving}", f"--output={moving.parent}/out.mp4"]

    assert "Got --fps, which does nothing" in mistake("--fps=5", f"--input={moving}", status=2)
    assert "Got --json, which does nothing for a video" in mistake(*video, "--json", status=2)
    assert "nothing for a camera" in mistake("--input=camera", "--fps=5", status=2)


def test_a_single_picture_that_is_broken_is_an_error_and_not_a_count(mistake, photos, tmp_path):
    content = (photos / "a.jpg").read_bytes()
    for tenth in range(10):
        (tmp_path / "cut.jpg").write_bytes(content[: tenth * len(content) // 10])
        assert f"'{tmp_path}/cut.jpg' is " in mistake(f"--input={tmp_path}/cut.jpg")


# Processes of their own.


def test_from_a_pipe_to_a_pipe(networks, photos, tmp_path):
    pipes = [f"--model={networks}/one.keras", "--input=-", "--output=-", "--format=.bmp", *EXACT]
    photo = (photos / "a.jpg").read_bytes()
    result = subprocess.run([sys.executable, PROGRAM, *pipes], input=photo, capture_output=True)

    assert (result.returncode, result.stderr.splitlines()[-1]) == (0, b"1 painted, 0 failed.")
    (tmp_path / "out.bmp").write_bytes(result.stdout)
    expected = painted_by_keras(networks / "one.keras", pixels_of(photos / "a.jpg"))
    np.testing.assert_allclose(pixels_of(tmp_path / "out.bmp"), expected, atol=1.01 / 255)
    assert len(result.stdout) == 54 + 21 * 92  # A header, and rows of 30 pixels.


def test_ctrl_c_ends_an_animation_between_two_frames(start, networks, moving):
    result = moving.parent / "out.gif"
    frames = list(read_animation(moving).pictures()) * 200
    write_animation(moving, frames, milliseconds=[50] * len(frames), plays=0)
    paths = [f"--model={networks}/one.keras", f"--input={moving}", f"--output={result}"]
    process = start(*paths, *EXACT, script=PROGRAM)
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()

    assert process.returncode == 130 and "1 of 600" in first
    assert rest.splitlines()[-1] == "Interrupted after 0 of 1: nothing was written."
    assert [path.name for path in moving.parent.iterdir()] == ["moving.gif"]


def test_nothing_slow_is_started_before_a_mistake_is_found(networks, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    wrong = [f"--model={networks}/one.keras", f"--input={tmp_path}/text.jpg", "--output=out.png"]

    status, modules, error = imported_by("restyle.programs.evaluate", "main", wrong)

    assert status == 1 and "is not a picture" in error
    assert not {"tensorflow", "keras", "matplotlib", "scipy", "ray"} & modules
