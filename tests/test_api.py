import numpy as np
import pytest
from imported_by import imported_by
from PIL import Image
from video_clips import frames_of, numbered, write_clip

import restyle
from restyle import api
from restyle.color import luminance
from restyle.engines import engines
from restyle.media import images
from restyle.media.video.reader import VideoReader

QUICK = {
    "size": 48,
    "smallest_scale": 48,
    "iterations": 3,
    "optimizer": "adam",
    "precision": "float32",
    "style_layers": ["conv1_1", "conv2_1"],
    "content_layers": "conv2_2",
}


QUICK_TRAINING = {
    **{"image_size": 32, "style_size": 64, "width": 2, "residual_blocks": 1},
    **{"batch_size": 1, "held_out": 1},
    **{name: QUICK[name] for name in ("style_layers", "content_layers", "precision")},
}


@pytest.fixture(autouse=True)
def home(keras_home, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    monkeypatch.setattr(engines, "_candidates", lambda precision: ["tensorflow"])


@pytest.fixture(scope="module")
def paths(pictures):
    return pictures / "photo.png", pictures / "painting.png"


@pytest.fixture(scope="module")
def starry():
    return restyle.load("starry_night", engine="tensorflow", precision="float32")


def test_to_import_restyle_imports_nothing_heavy():
    names, modules, _ = imported_by("restyle", "__dir__")

    assert set(restyle.__all__) <= set(names)
    assert not {"absl", "keras", "numpy", "PIL", "tensorflow"} & modules


def test_all_names_are_handed_out_and_no_others():
    assert all(getattr(restyle, name) is getattr(api, name) for name in restyle.__all__)
    with pytest.raises(AttributeError, match="'restyle' has no attribute 'stylise'"):
        _ = restyle.stylise


def test_a_picture_is_the_same_from_a_path_from_pil_and_from_arrays(paths):
    with Image.open(paths[0]) as opened:
        levels = np.asarray(opened.convert("RGB"))
        pillow = restyle.read_image(opened)

    for given in (str(paths[0]), levels, levels.astype(np.float64) / 255):
        np.testing.assert_array_equal(restyle.read_image(given), pillow)
    assert pillow.dtype == np.float32 and pillow.shape == levels.shape


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.zeros((2, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((4, 4, 2), np.float32), "shape"),
        (np.zeros((0, 4, 3), np.float32), "shape"),
        (np.full((4, 4, 3), 1.5), "Divide by 255"),
        (np.full((4, 4, 3), np.nan), "nan"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array, what):
    with pytest.raises(ValueError, match=what):
        restyle.read_image(array)


def test_what_is_written_is_read_again_with_its_opacity_if_it_has_any(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)
    levels[..., 3] = 255 * (levels[..., 3] > 128)
    restyle.write_image(tmp_path / "a.png", levels)

    picture = images.read_image(tmp_path / "a.png")

    np.testing.assert_array_equal(picture.alpha, levels[..., 3] / 255)
    np.testing.assert_array_equal(picture.pixels, restyle.read_image(levels))
    levels[..., 3] = 255
    restyle.write_image(tmp_path / "a.png", levels)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGB"


def test_stylize_makes_the_picture_of_the_program(run, quick, paths, tmp_path):
    assert run(*quick, "--smallest_scale=32", f"--output={tmp_path}/out.png") == 0
    asked = QUICK | {"smallest_scale": 32, "iterations": 4, "optimizer": "lbfgs"}
    picture = restyle.stylize(*paths, **asked)

    written = images.quantize(restyle.read_image(tmp_path / "out.png"))
    np.testing.assert_array_equal(images.quantize(picture), written)


def test_steps_broken_off_go_on_to_the_same_picture(paths):
    begun = restyle.steps(*paths, **QUICK)
    snapshot = [next(begun) for _ in range(2)][-1].snapshot()
    *_, last = begun
    picture = restyle.stylize(*paths, resume=snapshot, **QUICK)

    np.testing.assert_array_equal(picture, last.finished())


def test_a_score_is_the_objective_that_was_minimized(paths):
    settings = {name: QUICK[name] for name in ("style_layers", "content_layers")}
    *_, step = restyle.steps(*paths, content_weight=0.3, **QUICK)

    terms = restyle.score(step.finished(), *paths, content_weight=0.3, **settings)

    rounding = {"rel": 1e-4, "abs": 3e-5}  # That of eigenvalues in float32.
    assert terms.pop("objective") == pytest.approx(step.value, **rounding)
    assert terms == pytest.approx(dict(step.terms), **rounding)


def test_masks_and_several_styles_may_be_arrays(paths):
    left = np.zeros((40, 60), bool)
    left[:, :30] = True
    masks = {"content_mask": [left, ~left], "style_mask": ["all", "all"]}

    masked = restyle.stylize(paths[0], [*paths], **masks, **QUICK)

    blended = restyle.stylize(paths[0], [*paths], style_blend_weights=[2, 1], **QUICK)
    assert masked.shape == blended.shape == (32, 48, 3)
    assert np.abs(masked - blended).max() > 0.01


def test_a_run_starts_from_a_picture_or_from_that_of_a_network(paths, starry):
    once = QUICK | {"iterations": 1}
    small = images.resize(restyle.read_image(paths[0]), (32, 48))

    by_name = restyle.stylize(*paths, init="starry_night", **once)

    np.testing.assert_array_equal(by_name, restyle.stylize(*paths, init=starry(small), **once))


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        (lambda: restyle.stylize("a", "b", contentweight=1), "content_weight"),
        (lambda: restyle.steps("a", "b", style_masks="c"), "style_mask"),
        (lambda: restyle.score("a", "b", "c", stile_size=1), "style_size"),
        (lambda: restyle.load("starry_night")("a", strenght=1), "strength"),
        (lambda: restyle.train("a", "b", "c.keras", learning_rat=1), "learning_rate"),
    ],
)
def test_an_unknown_keyword_names_the_nearest(call, nearest):
    with pytest.raises(TypeError, match=f"Did you mean .*{nearest}"):
        call()


def test_a_keyword_that_follows_from_others_is_refused():
    with pytest.raises(TypeError, match="stroke_sizes, which follows from style"):
        restyle.train("a", "b", "c.keras", stroke_sizes=(1, 2))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"size": -1}, "0 or more"), ({"preset": "vgg"}, "gatys"), ({"pooling": "min"}, "average")],
)
def test_a_value_that_cannot_be_meant_is_refused(settings, expected):
    with pytest.raises(ValueError, match=expected):
        restyle.stylize("a", "b", **settings)


def test_a_painter_has_dials_and_masks(paths, starry):
    photo, painted = restyle.read_image(paths[0]), starry(paths[0])
    mask = np.zeros(photo.shape[:2], bool)
    mask[:20] = True

    assert painted.dtype == np.float32 and painted.shape == photo.shape
    np.testing.assert_array_equal(starry(photo, strength=0), photo)
    half = starry(photo, mask=mask)
    np.testing.assert_array_equal(half[20:], photo[20:])
    np.testing.assert_allclose(half[:20], painted[:20], atol=1e-6)


def test_a_style_of_several_is_asked_for_by_name(paths):
    base = restyle.load("base", engine="tensorflow", precision="float32")

    by_name = base(paths[0], style=base.styles[1])

    by_weights = base(paths[0], style_blend_weights=[0, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(by_name, by_weights)
    with pytest.raises(ValueError, match=base.styles[2]):
        base(paths[0], style="cubism")


def test_the_frames_of_a_video_are_painted_as_pictures_are(starry, tmp_path):
    write_clip(tmp_path / "clip.mp4", numbered(5))
    seconds = []
    starry.video(
        *(tmp_path / "clip.mp4", tmp_path / "out.mp4"),
        **{"start": 0.1, "crf": 0, "strength": 0.5, "watch": seconds.append},
    )

    sources = VideoReader(tmp_path / "clip.mp4", start=0.1).frames()
    frames = frames_of(tmp_path / "out.mp4")
    assert [float(frame.time) for frame in frames] == pytest.approx(seconds)
    assert len(frames) == 4
    for source, frame in zip(sources, frames, strict=True):
        painted = starry(source.pixels, strength=0.5)
        # The video keeps a quarter of the colors, but all of the luminance.
        assert np.abs(luminance(frame.pixels) - luminance(painted)).mean() < 0.01


def test_a_trained_network_is_written_and_returned_ready_to_paint(paths, photos, tmp_path):
    seen = []
    painter = restyle.train(
        *(paths[1], photos, tmp_path / "a.keras"),
        **QUICK_TRAINING | {"batch_size": 2, "steps": 2, "watch": seen.append},
    )

    assert [step.step for step in seen] == [1, 2]
    assert painter.styles == ("painting",) and '"style_size": [' in painter.recipe
    assert painter(paths[0]).shape == restyle.read_image(paths[0]).shape


def test_an_interrupted_training_keeps_its_network_and_shows_previews(paths, photos, tmp_path):
    seen, sheets, stop = [], [], []

    def watch(step):
        seen.append(step.step)
        stop.extend([True] * (step.step == 2))

    painter = restyle.train(
        *(paths[1], photos, tmp_path / "b.keras"),
        **QUICK_TRAINING | {"minutes": 60, "watch": watch, "interrupted": stop},
        **{"preview_every": 1, "preview": sheets.append},
    )

    assert seen == [1, 2, 3] and len(sheets) == 3
    assert '"steps": 3' in painter.recipe and np.ptp(sheets[-1]) > 0.1
