import numpy as np
import pytest
from painters import negative
from PIL import Image
from restyle.models.transform_config import TransformConfig
from user_errors import message_of

from restyle.color import luminance
from restyle.errors import UserError
from restyle.paint.stylizer import Look, Stylizer, strength_note

PLAIN = TransformConfig(width=4, strength=False)
THREE = TransformConfig(width=4, styles=("sky", "sea", "sand"), strength=False)
DIAL = TransformConfig(width=4, strength=True)
STROKES = TransformConfig(width=4, stroke_sizes=(64, 96, 128), strength=False)
RNG = np.random.default_rng(5)
PHOTO = RNG.uniform(0.2, 0.8, (6, 9, 3)).astype(np.float32)


def stylizer(look=None, shape=PLAIN, engine=negative, fits=lambda size: True):
    def in_bands(inputs):
        return np.zeros_like(inputs["images"])

    return Stylizer(engine, shape, look or Look(), in_bands=in_bands, fits=fits)


def asked(look, shape, images=PHOTO[np.newaxis]):
    """The inputs that the engine is given."""
    given = {}

    def engine(inputs):
        given.update(inputs)
        return inputs["images"]

    stylizer(look, shape, engine).frames(images)
    return given


def saved_mask(folder, levels):
    Image.fromarray(levels.astype(np.uint8)).save(folder / "mask.png")
    return str(folder / "mask.png")


def test_frames_painted_together_are_those_painted_alone():
    frames = np.stack([PHOTO, PHOTO[::-1], 0.5 * PHOTO])
    look = Look(strength=0.4, preserve_color="luminance")

    together = stylizer(look).frames(frames)

    alone = [stylizer(look).picture(frame) for frame in frames]
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 3)])
def test_what_the_network_sees_is_a_float32_batch_of_the_pictures_own_size(size):
    pixels = RNG.random((*size, 3))[:, ::-1]  # Neither float32 nor in order.

    images = asked(Look(), PLAIN, pixels[np.newaxis])["images"]

    assert images.shape == (1, *size, 3) and images.dtype == np.float32
    assert images.flags.c_contiguous
    np.testing.assert_allclose(images[0], pixels, atol=1e-7)


def test_a_network_is_given_only_what_it_takes():
    look = Look(strength=0.5)

    assert asked(look, PLAIN).keys() == {"images"}
    assert asked(look, THREE).keys() == {"images", "style_weights"}
    assert asked(look, DIAL).keys() == {"images", "strength"}
    assert asked(look, STROKES).keys() == {"images", "stroke"}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [((), [1 / 3, 1 / 3, 1 / 3]), ((2, 1, 1), [0.5, 0.25, 0.25]), ((0, 7, 0), [0, 1, 0])],
)
def test_blend_weights_come_to_the_network_normalized_one_row_for_each_picture(weights, expected):
    given = asked(Look(style_blend_weights=weights), THREE, np.stack([PHOTO, PHOTO]))

    np.testing.assert_allclose(given["style_weights"], [expected, expected], rtol=1e-6)
    assert given["style_weights"].dtype == np.float32


@pytest.mark.parametrize("weights", [(1, 2), (1, 2, 3, 4), (0, 0, 0), (1, -1, 1), (1, 2, np.nan)])
def test_weights_that_do_not_fit_are_one_line_that_names_the_styles(weights):
    with pytest.raises(UserError, match=r"style_blend_weights.*sky, sea, sand\.$"):
        stylizer(Look(style_blend_weights=weights), THREE)


def test_strength_0_is_the_photo_and_between_it_and_1_is_a_blend():
    for strength in (0, 0.25, 1):
        expected = (1 - strength) * PHOTO + strength * (1 - PHOTO)
        result = stylizer(Look(strength=strength)).picture(PHOTO)
        np.testing.assert_allclose(result, expected, atol=1e-6)


def test_a_network_with_a_dial_is_told_the_strength_and_its_picture_is_left_alone():
    look = Look(strength=0.25)

    np.testing.assert_array_equal(asked(look, DIAL)["strength"], [[0.25]])
    np.testing.assert_array_equal(stylizer(look, DIAL).picture(PHOTO), 1 - PHOTO)


def test_strokes_are_those_in_the_middle_unless_others_are_asked_for():
    np.testing.assert_array_equal(asked(Look(), STROKES)["stroke"], [[0.5]])
    np.testing.assert_array_equal(asked(Look(stroke=0.0), STROKES)["stroke"], [[0.0]])


def test_a_stroke_is_refused_by_a_network_that_has_one_size():
    with pytest.raises(UserError, match="--stroke=0.5 .* one stroke size"):
        stylizer(Look(stroke=0.5), DIAL)


@pytest.mark.parametrize("dial", ["strength", "stroke"])
@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_a_dial_outside_0_to_1_is_refused(dial, value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        Look(**{dial: value})


def test_only_a_strength_that_a_network_cannot_take_is_worth_a_note():
    assert "--strength" in strength_note(Look(strength=0.5), [DIAL, PLAIN])
    assert strength_note(Look(strength=0.5), [DIAL]) == ""
    assert strength_note(Look(), [PLAIN]) == ""


def test_luminance_keeps_the_photos_chroma_and_the_styles_brightness():
    result = stylizer(Look(preserve_color="luminance")).picture(PHOTO)

    chroma, own = (each - luminance(each)[..., np.newaxis] for each in (result, PHOTO))
    inside = ((result > 1e-4) & (result < 1 - 1e-4)).all(axis=-1)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(chroma[inside], own[inside], atol=1e-5)
    np.testing.assert_allclose(luminance(result), luminance(1 - PHOTO), atol=1e-5)


def test_where_the_mask_is_black_the_photo_stays_and_gray_blends(tmp_path):
    levels = np.zeros((6, 9))
    levels[:, 3:6], levels[:, 6:] = 51, 255
    look = Look(mask=saved_mask(tmp_path, levels), preserve_color="luminance")

    result = stylizer(look).picture(PHOTO)

    painted = stylizer(Look(preserve_color="luminance")).picture(PHOTO)
    np.testing.assert_array_equal(result[:, :3], PHOTO[:, :3])
    blend = 0.8 * PHOTO[:, 3:6] + 0.2 * painted[:, 3:6]
    np.testing.assert_allclose(result[:, 3:6], blend, atol=1e-6)
    np.testing.assert_allclose(result[:, 6:], painted[:, 6:], atol=1e-6)


def test_one_mask_serves_pictures_of_other_sizes_with_its_aspect(tmp_path):
    levels = np.zeros((6, 9))
    levels[:, 5:] = 255
    paint = stylizer(Look(mask=saved_mask(tmp_path, levels))).picture

    for scale in (1, 2, 3, 1):
        photo = np.full((6 * scale, 9 * scale, 3), 0.25, np.float32)
        result = paint(photo)
        np.testing.assert_array_equal(result[:, : 4 * scale], photo[:, : 4 * scale])
        np.testing.assert_allclose(result[:, 7 * scale :], 0.75, atol=0.01)
    assert "aspects differ" in message_of(paint, np.zeros((9, 6, 3), np.float32))


def test_the_mask_is_read_once_for_all_frames_of_a_video(tmp_path):
    path = saved_mask(tmp_path, np.full((6, 9), 255))
    paint = stylizer(Look(mask=path)).frames
    paint(PHOTO[np.newaxis])
    (tmp_path / "mask.png").unlink()

    np.testing.assert_allclose(paint(PHOTO[np.newaxis])[0], 1 - PHOTO, atol=1e-6)


def test_a_mask_that_is_no_picture_is_found_before_a_picture_is_painted(tmp_path):
    (tmp_path / "mask.png").write_text("white")
    for mask in ("mask.png", "gone.png"):
        assert mask in message_of(stylizer, Look(mask=str(tmp_path / mask)))


def test_a_picture_too_large_for_the_engine_is_painted_in_bands():
    paint = stylizer(fits=lambda size: size != (6, 9)).picture

    assert not paint(PHOTO).any()
    np.testing.assert_array_equal(paint(PHOTO[:5]), 1 - PHOTO[:5])
