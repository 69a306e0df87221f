import collections.abc
import contextlib
import os
from pathlib import Path

import pytest
from PIL import Image
from user_errors import message_of

from restyle.errors import UserError
from restyle.media import folders, images
from restyle.media.folders import Job, find_pictures, jobs, shard, unfinished


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A function that makes empty files of these names in the working folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()

    return make


def names(paths):
    return [path.as_posix() for path in paths]


def pairs(found):
    return {job.source.as_posix(): job.target.as_posix() for job in found}


class Listed(contextlib.AbstractContextManager, collections.abc.Iterator):
    """What os.scandir returns, on a disk that lists names forwards or backwards."""

    def __init__(self, entries, reverse):
        with entries:
            self.entries = iter(sorted(entries, key=os.fspath, reverse=reverse))

    def __exit__(self, *_):
        pass

    def __next__(self):
        return next(self.entries)


# Which pictures.


def test_a_folder_gives_the_pictures_below_it_and_nothing_else(place):
    place("in/b.jpg", "in/deep/er/a.PNG", "in/notes.txt", "in/clip.mp4", "in/jpg", "in/a.jpg.part")

    assert names(find_pictures("in")) == ["in/b.jpg", "in/deep/er/a.PNG"]


def test_every_format_that_is_read_or_written_counts_as_a_picture():
    usual = ".jpg .jpeg .png .webp .bmp .tif .tiff .gif .avif .jp2 .ppm .pgm".split()

    assert folders.READABLE_SUFFIXES >= {*usual, *images.WRITABLE}
    assert not folders.READABLE_SUFFIXES & {".eps", ".pdf", ".tga", ".mpg", ".psd"}


@pytest.mark.parametrize("pattern", ["in", "in/**/*", "in/**"])
def test_what_is_hidden_is_left_out(place, pattern):
    place("in/a.jpg", "in/._a.jpg", "in/.DS_Store", "in/.thumbs/a.jpg", "in/.thumbs/deep/a.jpg")

    assert names(find_pictures(pattern)) == ["in/a.jpg"]


def test_a_hidden_folder_that_is_asked_for_is_read(place):
    place(".in/a.jpg")

    assert names(find_pictures(".in")) == names(find_pictures(".in/*")) == [".in/a.jpg"]


@pytest.mark.parametrize("pattern", ["in", "in/**/*", "in/**"])
def test_a_folder_named_like_a_picture_is_walked_into(place, pattern):
    place("in/x.jpg/y.jpg")

    assert names(find_pictures(pattern)) == ["in/x.jpg/y.jpg"]


@pytest.mark.parametrize("pattern", ["in", "in/**/*.jpg"])
def test_the_order_does_not_depend_on_the_disk(place, monkeypatch, pattern):
    expected = ["in/B.jpg", "in/a-b.jpg", "in/a.jpg", "in/a/z.jpg", "in/b/a.jpg", "in/ä.jpg"]
    place(*expected)
    place("elsewhere/x.jpg")
    for name in ("two", "one"):
        Path("in", name).symlink_to(Path("elsewhere").absolute())
    linked = ["in/one/x.jpg"] if pattern == "in" else []
    scandir = os.scandir

    for reverse in (False, True):

        def listed(path, reverse=reverse):
            return Listed(scandir(path), reverse)

        monkeypatch.setattr(os, "scandir", listed)
        assert names(find_pictures(pattern)) == sorted([*expected, *linked])


@pytest.mark.parametrize("pattern", ["in", "in/**/*.jpg"])
def test_links_in_a_circle_come_to_an_end(place, pattern):
    place("in/a.jpg", "in/deep/b.jpg")
    for name in ("loop", "again"):
        Path("in/deep", name).symlink_to(Path("in").absolute())
    Path("in/self.jpg").symlink_to("self.jpg")

    found = names(find_pictures(pattern))

    assert [name for name in found if name != "in/self.jpg"] == ["in/a.jpg", "in/deep/b.jpg"]


def test_a_linked_folder_is_read_but_once_and_by_its_real_name_if_it_has_one(place):
    place("in/real/a.jpg", "elsewhere/b.jpg")
    Path("in/alias").symlink_to("real")
    Path("in/one").symlink_to("../elsewhere")
    Path("in/two").symlink_to("../elsewhere")

    assert names(find_pictures("in")) == ["in/one/b.jpg", "in/real/a.jpg"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.jpg", ["in/a.jpg"]),
        ("**/*.png", ["in/b.png", "in/deep/c.png"]),
        ("in/**/**/*.png", ["in/b.png", "in/deep/c.png"]),
        ("in/[ab].*", ["in/a.jpg", "in/b.png"]),
        ("in/d*", ["in/d.jpg"]),
        ("*/?.jp*", ["in/a.jpg", "in/d.jpg"]),
        ("in/deep/**", ["in/deep/c.png"]),
    ],
)
def test_a_pattern_gives_the_pictures_that_match(place, pattern, expected):
    place("in/a.jpg", "in/b.png", "in/deep/c.png", "in/a.txt")
    if "d*" in pattern or "?" in pattern:
        place("in/d.jpg")

    assert names(find_pictures(pattern)) == expected


def test_an_absolute_pattern_is_the_same_but_absolute(place, tmp_path):
    place("in/deep/a.jpg")

    assert find_pictures(tmp_path / "**/*.jpg") == [tmp_path / "in/deep/a.jpg"]


def test_what_exists_is_taken_by_its_name_even_if_it_looks_like_a_pattern(place):
    place("album [2019]/a*.jpg", "album [2019]/ab.jpg", "album 2/c.jpg")

    assert names(find_pictures("album [2019]/a*.jpg")) == ["album [2019]/a*.jpg"]
    assert names(find_pictures("album [2019]/*b.jpg")) == ["album [2019]/ab.jpg"]
    assert len(find_pictures("album [2019]")) == 2


def test_one_file_is_taken_whatever_its_name(place):
    place("in/.hidden.dat")

    assert names(find_pictures("in/.hidden.dat")) == ["in/.hidden.dat"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("gone", "No picture or folder at 'gone' (looked in {here})."),
        ("", "No picture or folder at '' (looked in {here})."),
        ("gone/*.jpg", "No picture or folder at 'gone' (looked in {here})."),
        (
            "in",
            "'in' holds 14 files, none of them a picture (.txt 10, .mp4 3, without extension 1)",
        ),
        ("in/*.mp4", "'in/*.mp4' matches 2 files, none of them a picture (.mp4 2). Expected names"),
        ("in/R*", "'in/R*' matches 1 file, none of them a picture (without extension 1). Expected"),
        ("in/*.jpg", "'in/*.jpg' matches no files. Expected names that end with .apng, .avif,"),
        ("bare", "'bare' holds no files. Expected names that end with .apng, .avif,"),
        ("odd", "'odd' holds 6 files, none of them a picture (.a 1, .b 1, .c 1, .d 1, .e 1, ...)"),
    ],
)
def test_where_there_is_no_picture_one_line_says_what_there_is(place, tmp_path, wanted, message):
    place(*(f"in/{index}.txt" for index in range(10)), "in/deep/a.mp4", "in/b.mp4", "in/c.mp4")
    place("in/README", "bare/.DS_Store", *(f"odd/x.{letter}" for letter in "fedcba"))

    assert message_of(find_pictures, wanted).startswith(message.format(here=tmp_path))


def test_a_pattern_that_python_does_not_take_is_the_users_to_mend(place):
    place("in/a.jpg")

    assert "'in/a**/b'" in message_of(find_pictures, "in/a**/b")


def test_a_folder_that_cannot_be_read_is_not_left_out_in_silence(place, monkeypatch):
    place("in/a.jpg", "in/locked/b.jpg")
    scandir = os.scandir

    def guarded(path):
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(UserError, match="'in/locked' cannot be read: Permission denied. Change"):
        find_pictures("in")


# Where results go.


@pytest.mark.parametrize(
    ("source", "output", "target"),
    [
        ("in/a.jpg", "result.png", "result.png"),
        ("in/a.jpg", "new/", "new/a.jpg"),
        ("in/a.jpg", "old", "old/a.jpg"),
        ("in/b.GIF", "old", "old/b.png"),
        ("in/b.GIF", "result.webp", "result.webp"),
    ],
)
def test_the_result_of_one_file_is_the_output_or_lies_in_it(place, source, output, target):
    place(source, "old/other.jpg")

    assert pairs(jobs(source, output)) == {source: target}


def test_results_lie_in_their_folder_as_the_pictures_lie_in_theirs(place):
    place("in/a.jpg", "in/deep/er/b.TIF", "in/deep/c.tar.gif", "in/d.avif")

    assert pairs(jobs("in", "out")) == {
        "in/a.jpg": "out/a.jpg",
        "in/d.avif": "out/d.png",
        "in/deep/c.tar.gif": "out/deep/c.tar.png",
        "in/deep/er/b.TIF": "out/deep/er/b.TIF",
    }


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("in/deep/*.jpg", "out/a.jpg"),
        ("in/**/*.jpg", "out/deep/a.jpg"),
        ("*/**", "out/in/deep/a.jpg"),
    ],
)
def test_results_of_a_pattern_are_laid_out_from_its_first_wildcard_on(place, pattern, target):
    place("in/deep/a.jpg")

    assert pairs(jobs(pattern, "out")) == {"in/deep/a.jpg": target}


def test_a_format_may_be_forced(place):
    place("in/a.jpg", "in/b.PNG", "in/c.gif")

    assert pairs(jobs("in", "out", suffix=".png")) == {
        "in/a.jpg": "out/a.png",
        "in/b.PNG": "out/b.PNG",
        "in/c.gif": "out/c.png",
    }
    assert pairs(jobs("in/a.jpg", "out/", suffix=".webp")) == {"in/a.jpg": "out/a.webp"}


def test_a_gif_stays_one_if_it_moves(place):
    place("in/still.gif")
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    frames[0].save("in/moves.gif", save_all=True, append_images=frames[1:])

    assert pairs(jobs("in", "out")) == {
        "in/moves.gif": "out/moves.gif",
        "in/still.gif": "out/still.png",
    }
    assert pairs(jobs("in", "out", suffix=".jpg"))["in/moves.gif"] == "out/moves.jpg"


def test_every_result_can_be_written(place):
    place(*(f"in/{index}{suffix}" for index, suffix in enumerate(folders.READABLE_SUFFIXES)))
    Path("out").mkdir()

    for job in jobs("in", "out"):
        images.check_writable(job.target)


def test_two_pictures_never_share_a_result(place):
    place("in/a.png", "in/a.gif", "in/b.gif", "in/b.avif", "in/c.gif", "in/deep/a.gif")

    assert pairs(jobs("in", "out")) == {
        "in/a.png": "out/a.png",
        "in/a.gif": "out/a.gif.png",
        "in/b.gif": "out/b.gif.png",
        "in/b.avif": "out/b.avif.png",
        "in/c.gif": "out/c.png",
        "in/deep/a.gif": "out/deep/a.png",
    }


def test_two_pictures_that_would_share_a_result_even_so_are_refused(place):
    place("in/a.png", "in/a.gif", "in/a.gif.png")

    assert "'in/a.gif' and 'in/a.gif.png' would both become" in message_of(jobs, "in", "out")


@pytest.mark.parametrize("pattern", ["in", "in/", "./in", "in/**/*.jpg", "linked"])
@pytest.mark.parametrize("output", ["in/out", "in/deep/../out", "linked/out"])
def test_results_inside_the_input_are_not_read(place, pattern, output):
    place("in/a.jpg", "in/outer/b.jpg", "in/out/a.jpg", "in/out/deep/c.jpg")
    Path("in/deep").mkdir()
    Path("linked").symlink_to("in")

    found = jobs(pattern, output)

    assert [job.source.name for job in found] == ["a.jpg", "b.jpg"]


def test_a_folder_with_nothing_but_results_says_so(place):
    place("in/out/a.jpg")

    assert "'in' holds no files outside 'in/out'. Expected" in message_of(jobs, "in", "in/out")


@pytest.mark.parametrize(
    ("source", "output", "message"),
    [
        ("in", "in", "The pictures are read from 'in'. Choose another folder"),
        ("in/*.jpg", "in/", "The pictures are read from 'in/'. Choose another folder"),
        ("in", "linked", "The pictures are read from 'linked'. Choose another folder"),
        ("in/a.jpg", "in", "The result of 'in/a.jpg' would replace the picture 'in/a.jpg'"),
        ("in/a.jpg", "linked/a.jpg", "The result of 'in/a.jpg' would replace"),
        ("in", ".", "The result of 'in/in/a.jpg' would replace the picture 'in/a.jpg'"),
        ("in", "out", "The result of 'in/x.jpg' would replace the picture 'in/b.jpg'"),
        ("in", "new.jpg", "'in' can be many pictures, but 'new.jpg' is the name of one file."),
        ("in/*", "file", "'in/*' can be many pictures, but 'file' is the name of one file."),
    ],
)
def test_an_output_that_would_cost_a_picture_is_refused(place, source, output, message):
    place("in/a.jpg", "in/b.jpg", "in/x.jpg", "in/in/a.jpg", "out/c.jpg", "file")
    Path("linked").symlink_to("in")
    Path("out/x.jpg").symlink_to("../in/b.jpg")

    assert message in message_of(jobs, source, output)


@pytest.mark.parametrize("output", ["named.jpg", "named.jpg/"])
def test_a_folder_may_be_named_like_a_picture_if_it_exists_or_ends_with_a_slash(place, output):
    place("in/a.jpg")
    if not output.endswith("/"):
        Path(output).mkdir()

    assert pairs(jobs("in", output)) == {"in/a.jpg": "named.jpg/a.jpg"}


def test_a_format_that_is_not_written_cannot_be_forced(place):
    place("in/a.jpg")

    with pytest.raises(UserError, match="Got the format '.heic', expected one of .bmp, "):
        jobs("in", "out", suffix=".heic")


# Sharing the work.

TWENTY = [Job(Path(f"in/{index}.jpg"), Path(f"out/{index}.jpg")) for index in range(20)]


def test_the_second_of_eight_parts_is_every_eighth_job_from_the_second_on():
    assert shard(TWENTY, "2/8") == [TWENTY[1], TWENTY[9], TWENTY[17]]


@pytest.mark.parametrize("count", [1, 3, 8, 20, 30])
def test_all_parts_together_are_all_jobs_once(count):
    parts = [shard(TWENTY, f"{part}/{count}") for part in range(1, count + 1)]

    assert sorted(sum(parts, []), key=TWENTY.index) == TWENTY
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    "part", ["0/8", "9/8", "x", "1/0", "0/0", "-1/8", "1/8/2", "1", "", "1.5/8"]
)
def test_a_part_that_there_is_not_is_refused(part):
    assert f"Got shard '{part}', expected a part such as 2/8" in message_of(shard, TWENTY, part)


def test_what_has_a_result_is_finished(place):
    place("in/a.jpg", "in/b.jpg", "in/c.jpg", "out/b.jpg", "out/.c.jpg.123.part")

    assert names(job.source for job in unfinished(jobs("in", "out"))) == ["in/a.jpg", "in/c.jpg"]
