"""Pictures that move: read as a viewer shows them, written so that a viewer shows the same."""

import io
import weakref

import numpy as np
import pytest
from PIL import GifImagePlugin, Image, ImageSequence
from video_clips import frames_of

from restyle.errors import UserError
from restyle.media import animations
from restyle.media.animations import can_be_animated, is_animated, read_animation, write_animation
from restyle.media.images import Picture

TIMES = [100, 50, 200, 70, 120]
RED, GREEN, BLUE, YELLOW = range(4)
COLORS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)], np.uint8)
CLEAR = 7  # An index of the palette, of no color.


def moving(count=5, transparent=False, size=(12, 20)):
    """A square that goes to the right, on a ground that changes color or on nothing."""
    for index in range(count):
        pixels = np.full((*size, 3), (0.2, 0.4, 0.8 - 0.1 * index), np.float32)
        inside = np.zeros(size, np.float32)
        inside[3:9, 2 + 2 * index : 8 + 2 * index] = 1
        pixels[inside == 1] = (1.0, 0.8, 0.2)
        yield Picture(pixels, inside if transparent else None)


def seen(picture):
    """What a viewer shows on white."""
    if picture.alpha is None:
        return picture.pixels
    return 1 - picture.alpha[..., np.newaxis] * (1 - picture.pixels)


def write(path, *, transparent=False, milliseconds=TIMES, plays=0, **more):
    pictures = moving(len(milliseconds), transparent)
    write_animation(path, pictures, milliseconds=milliseconds, plays=plays, **more)
    return path


# There and back.


@pytest.mark.parametrize("plays", [0, 1, 2, 7])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_frames_times_and_plays_come_back(tmp_path, name, transparent, plays):
    path = write(tmp_path / name, transparent=transparent, plays=plays)
    animation = read_animation(path)

    assert animation.milliseconds == TIMES
    assert (animation.plays, animation.transparent, animation.note) == (plays, transparent, "")
    frames, expected = list(animation.pictures()), list(moving(5, transparent))
    assert len(frames) == 5
    for frame, before in zip(frames, expected, strict=True):
        assert (frame.alpha is not None) == transparent
        if frame.alpha is not None:
            np.testing.assert_array_equal(frame.alpha, before.alpha)
        assert np.abs(frame.pixels - seen(before)).mean() < (0.06 if name == "a.webp" else 0.003)


def test_another_viewer_sees_the_same_gif_at_the_same_times(tmp_path):
    frames = frames_of(write(tmp_path / "a.gif"))

    assert [float(frame.time) for frame in frames] == [0, 0.1, 0.15, 0.35, 0.42]
    for frame, before in zip(frames, moving(), strict=True):
        np.testing.assert_allclose(frame.pixels, before.pixels, atol=2 / 255)


def test_a_frame_that_is_opaque_among_transparent_ones_hides_nothing_of_the_next(tmp_path):
    first, second, third = moving(3, transparent=True)
    pictures = [first, Picture(second.pixels, np.ones((12, 20), np.float32)), third]
    write_animation(tmp_path / "a.gif", pictures, milliseconds=[50] * 3, plays=0)

    for frame, before in zip(read_animation(tmp_path / "a.gif").pictures(), pictures, strict=True):
        np.testing.assert_array_equal(frame.alpha, before.alpha)


# Times.


@pytest.mark.parametrize(
    ("name", "milliseconds", "unit"),
    [
        *(("a.gif", 1000 / 30, 10), ("a.gif", 41.7, 10), ("a.gif", 66.6, 10)),
        *(("a.webp", 100 / 3, 1), ("a.png", 100 / 3, 1)),
    ],
)
def test_what_a_file_cannot_say_of_each_time_it_does_not_add_up(tmp_path, name, milliseconds, unit):
    path = write(tmp_path / name, milliseconds=[milliseconds] * 6)
    ends = np.cumsum(read_animation(path).milliseconds)

    assert set(np.mod(ends, unit)) == {0}
    np.testing.assert_allclose(ends, milliseconds * np.arange(1, 7), atol=unit / 2)


def test_a_gif_is_not_made_faster_than_viewers_show_it(tmp_path):
    path = write(tmp_path / "a.gif", milliseconds=[16, 12, 30, 10, 0])

    assert read_animation(path).milliseconds == [20, 20, 30, 10, 0]  # The last two mean 100.


def test_what_a_file_cannot_count_to_is_what_it_can(tmp_path):
    path = write(tmp_path / "a.gif", milliseconds=[100, 700_000], plays=70_000)

    animation = read_animation(path)
    assert (animation.milliseconds, animation.plays) == ([100, 655_350], 65_535)
    assert read_animation(write(tmp_path / "a.webp", plays=70_000)).plays == 65_535


# Frames laid one over the other.


def paletted(levels):
    image = Image.fromarray(np.asarray(levels, np.uint8), mode="P")
    image.putpalette([*COLORS.ravel(), *[0] * 756])
    return image


def gif(path, blocks, width=4):
    """A GIF of one row, of (color indices, left, disposal), put together by hand."""
    header = GifImagePlugin.getheader(paletted([[RED] * width]), info={"duration": 100})[0]
    parts = [*header]
    for row, left, disposal in blocks:
        options = {"duration": 100, "disposal": disposal, "transparency": CLEAR}
        parts += GifImagePlugin.getdata(paletted([row]), (left, 0), **options)
    path.write_bytes(b"".join(parts) + b";")
    return path


@pytest.mark.parametrize(
    ("second", "third"),
    [
        (0, [GREEN, BLUE, RED, RED]),  # Nothing is said: it stays.
        (1, [GREEN, BLUE, RED, RED]),
        (2, [CLEAR, BLUE, RED, RED]),
        (3, [RED, BLUE, RED, RED]),  # As it was before.
    ],
)
def test_a_frame_stays_is_cleared_or_is_taken_back(tmp_path, second, third):
    blocks = [([RED] * 4, 0, 1), ([GREEN], 0, second), ([CLEAR, BLUE], 0, 1)]
    shown = [[RED] * 4, [GREEN, RED, RED, RED], third]

    frames = read_animation(gif(tmp_path / "a.gif", blocks)).pictures()
    for frame, indices in zip(frames, shown, strict=True):
        clear = np.array(indices) == CLEAR
        colors = np.where(clear[:, None], 255, COLORS[np.array(indices) % 4])
        np.testing.assert_array_equal(frame.pixels[0], colors / np.float32(255))
        assert frame.alpha is None or np.array_equal(frame.alpha[0], 1 - clear)


def test_a_frame_that_does_not_say_what_becomes_of_it_does_not_do_as_the_one_before(tmp_path):
    blocks = [([RED] * 4, 0, 1), ([GREEN], 0, 2), ([BLUE], 1, 0), ([YELLOW], 2, 1)]
    *_, last = read_animation(gif(tmp_path / "a.gif", blocks)).pictures()

    assert last.alpha is not None
    np.testing.assert_array_equal(last.alpha[0], [0, 1, 1, 1])
    np.testing.assert_array_equal(last.pixels[0, 1:], COLORS[[BLUE, YELLOW, RED]] / 255)


def test_what_lies_beside_the_first_frame_is_not_shown(tmp_path):
    blocks = [([RED] * 4, 0, 1), ([GREEN] * 6, 2, 1)]
    frames = list(read_animation(gif(tmp_path / "a.gif", blocks)).pictures())

    assert [frame.pixels.shape for frame in frames] == [(1, 4, 3)] * 2
    np.testing.assert_array_equal(frames[1].pixels[0], COLORS[[RED, RED, GREEN, GREEN]] / 255)


def test_how_often_a_gif_is_shown_is_once_more_than_it_is_repeated(tmp_path):
    first, *others = [Image.fromarray((255 * p.pixels).astype(np.uint8)) for p in moving()]
    for loop, plays in ((None, 1), (0, 0), (1, 2), (5, 6)):
        options = {} if loop is None else {"loop": loop}
        first.save(tmp_path / "a.gif", save_all=True, append_images=others, **options)
        assert read_animation(tmp_path / "a.gif").plays == plays


def test_the_picture_that_a_png_has_for_old_programs_is_no_frame(tmp_path):
    poster, *frames = [Image.new("RGB", (4, 4), color) for color in ("red", "green", "blue")]
    options = {"save_all": True, "append_images": frames, "default_image": True}
    poster.save(tmp_path / "a.png", duration=[100, 200], **options)

    animation = read_animation(tmp_path / "a.png")
    assert animation.milliseconds == [100, 200]
    first, second = (frame.pixels[0, 0] for frame in animation.pictures())
    assert first[1] > 0 and second[2] == 1


# What moves, and what is wrong with it.


def test_stills_pages_and_what_cannot_be_read_do_not_move(tmp_path):
    first, *others = [Image.fromarray((255 * p.pixels).astype(np.uint8)) for p in moving()]
    for name in ("a.gif", "a.webp", "a.png", "a.avif", "pages.tif"):
        first.save(tmp_path / name, save_all=True, append_images=others)
    for name in ("still.gif", "still.webp", "still.jpg"):
        first.save(tmp_path / name)
    (tmp_path / "text.gif").write_text("no picture")

    animated = {path.name for path in tmp_path.iterdir() if is_animated(path)}
    assert animated == {"a.avif", "a.gif", "a.png", "a.webp"}
    assert not is_animated(tmp_path / "gone.gif") and not is_animated(tmp_path)
    names = ("a.gif", "a.JPG", "a.PNG", "a.webp", "a.tif", ".gif", ".PNG", ".webp", "")
    assert [name for name in names if can_be_animated(name)] == ["a.gif", "a.PNG", "a.webp"]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_wherever_it_is_cut_off_one_line_says_so(tmp_path, name):
    content = write(tmp_path / name).read_bytes()
    path = tmp_path / f"cut{name[1:]}"
    whole = [picture.pixels for picture in read_animation(tmp_path / name).pictures()]
    for percent in range(3, 100, 3):
        path.write_bytes(content[: len(content) * percent // 100])
        try:
            animation = read_animation(path)
            said = animation.note
        except UserError as error:
            said = str(error)
        if said:
            assert said.startswith(f"'{path}'") and "\n" not in said
        else:  # The last few bytes of a PNG are no frame.
            assert percent > 90
            frames = [picture.pixels for picture in animation.pictures()]
            np.testing.assert_array_equal(frames, whole)


def test_a_gif_cut_off_between_two_frames_says_after_which(tmp_path):
    content = gif(tmp_path / "a.gif", [([color] * 4, 0, 1) for color in range(4)]).read_bytes()
    for rest in (b"", b"\0\0 and more"):
        (tmp_path / "a.gif").write_bytes(content + rest)
        assert read_animation(tmp_path / "a.gif").note == ""
    third_begins = content.rindex(b"!", 0, content.rindex(b"!"))
    (tmp_path / "a.gif").write_bytes(content[:third_begins])

    assert read_animation(tmp_path / "a.gif").note.endswith("a.gif': cut off after 2 frames")


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_frames_that_cannot_be_made_leave_the_old_picture_and_nothing_else(tmp_path, name):
    before = write(tmp_path / name).read_bytes()

    def broken():
        yield from moving(2)
        raise UserError("no more")

    with pytest.raises(UserError, match="no more"):
        write_animation(tmp_path / name, broken(), milliseconds=[50] * 5, plays=0)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_of_many_frames_few_are_held_when_written_and_when_read(tmp_path, name):
    held, most = set(), 0

    def counted(pictures):
        nonlocal most
        for number, picture in enumerate(pictures):
            held.add(number)
            weakref.finalize(picture.pixels, held.discard, number)
            most = max(most, len(held))
            yield picture
            del picture

    write_animation(tmp_path / name, counted(moving(5)), milliseconds=TIMES, plays=0)
    for _ in counted(read_animation(tmp_path / name).pictures()):
        pass
    assert 1 <= most <= 2


def test_a_gif_has_the_clear_color_for_nothing_else():
    levels = np.random.default_rng(3).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    levels[:20, :, 3], levels[20:, :, 3] = 255, 100
    levels[:2] = (0, 0, 0, 255)  # The clear color is listed as black.
    buffer = io.BytesIO()
    image = animations.to_image(levels[..., :3] / 255, levels[..., 3] / 255, "GIF")
    image.save(buffer, "GIF")

    [read] = [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(buffer))]
    np.testing.assert_array_equal(np.asarray(read)[..., 3], np.where(levels[..., 3] > 127, 255, 0))
    np.testing.assert_allclose(np.asarray(read)[:2, :, :3], 0, atol=12)
