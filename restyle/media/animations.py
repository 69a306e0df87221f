"""Pictures that move, GIF, WebP, PNG and AVIF: frame by frame as a viewer shows them, and back."""

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import GifImagePlugin, Image

from restyle.errors import UserError
from restyle.files import AnyPath, written_beside
from restyle.media.gif_files import write_gif
from restyle.media.image_files import opened
from restyle.media.images import (
    SAVE_OPTIONS,
    WRITABLE,
    Picture,
    as_picture,
    check_writable,
    to_image,
)
from restyle.media.recipe_text import recipe_options

# The pages of a TIFF and the pictures of a HEIC are no animation.
READ = ("AVIF", "GIF", "PNG", "WEBP")
WRITTEN = ("GIF", "PNG", "WEBP")
# Milliseconds. GIF counts hundredths of a second; of less than two of them most viewers make ten.
GIF_TICK = 10
GIF_LEAST = 20
GIF_MOST = 655_350
MOST_PLAYS = 65_535
GIF_END = b"\0;"


@dataclasses.dataclass(frozen=True)
class Animation:
    """An animation, all frames of which could be decoded.

    Attributes:
      size: (height, width) as stored; pictures may come out turned.
      milliseconds: how long each frame is shown.
      plays: how often all of them are; 0 without end.
      transparent: whether a frame shows what lies behind it.
      note: what the user should know of the file; mostly empty.
    """

    path: Path
    size: tuple[int, int]
    milliseconds: Sequence[float]
    plays: int
    transparent: bool
    note: str = ""

    def pictures(self) -> Iterator[Picture]:
        """Yields the frames, each whole: laid over those before it as the file says.

        One that is opaque has an alpha too where another is transparent.
        """
        with opened(self.path) as image:
            for frame in _frames(image, self.size):
                picture = as_picture(frame, self.path)
                if self.transparent and picture.alpha is None:
                    opaque = np.ones(picture.pixels.shape[:2], np.float32)
                    picture = dataclasses.replace(picture, alpha=opaque)
                yield picture


def is_animated(path: AnyPath) -> bool:
    """Whether the file is a picture that moves; False for what cannot be read."""
    with contextlib.suppress(UserError), opened(path) as image:
        return _frame_count(image) > 1
    return False


def can_be_animated(path: AnyPath) -> bool:
    """Whether the format that the name asks for can be animated."""
    return WRITABLE.get(Path(path).suffix.lower()) in WRITTEN


def read_animation(path: AnyPath) -> Animation:
    """What there is to know of an animation, for which all frames are decoded once.

    Raises:
      UserError: the file is missing, or broken in any of its frames.
    """
    with opened(path) as image:
        size = image.height, image.width
        milliseconds, transparent = [], False
        for frame in _frames(image, size):
            milliseconds.append(float(image.info.get("duration", 0)))
            transparent = transparent or as_picture(frame, path).alpha is not None
        note = (
            f"'{path}': cut off after {len(milliseconds)} frames" if _cut_off(path, image) else ""
        )
        return Animation(Path(path), size, milliseconds, _plays(image), transparent, note)


def write_animation(
    path: AnyPath,
    pictures: Iterable[Picture],
    *,
    milliseconds: Sequence[float],
    plays: int,
    recipe: str | None = None,
) -> None:
    """Writes an animation in the format its name asks for: whole, or not at all.

    GIF and WebP take one picture after the other; for PNG Pillow holds all of them, in 8 bits.

    Args:
      pictures: of one size; all with an alpha or none.
      milliseconds: how long each is shown; as many as pictures.
      plays, recipe: see `Animation`, `write_image`.

    Raises:
      UserError: as `write_image`.
    """
    check_writable(path)
    file_format = WRITABLE[Path(path).suffix.lower()]
    images = (to_image(picture.pixels, picture.alpha, file_format) for picture in pictures)
    recipe_there, plays = recipe_options(file_format, recipe), min(plays, MOST_PLAYS)
    with written_beside(path) as file:
        if file_format == "GIF":
            timed = zip(images, _for_gif(milliseconds), strict=True)
            write_gif(file, timed, plays=plays, **recipe_there)
            return
        options = SAVE_OPTIONS.get(file_format, {}) | recipe_there
        options |= {"duration": _in_ticks(milliseconds, 1), "loop": plays, "save_all": True}
        if file_format == "WEBP":
            _Reel(images, len(milliseconds)).save(file, file_format, **options)
        else:
            first, *others = images
            first.save(file, file_format, append_images=others, **options)


class _Reel(Image.Image):
    """Frames as Pillow's writer of WebP asks for them: the next is made when it is sought."""

    def __init__(self, frames: Iterator[Image.Image], n_frames: int):
        super().__init__()
        self._frames, self.n_frames, self._at = frames, n_frames, -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        if frame > self._at:
            shown = next(self._frames)
            self.im, self._mode, self._size, self._at = shown.im, shown.mode, shown.size, frame

    def tell(self) -> int:
        return self._at


def _frame_count(image: Image.Image) -> int:
    if image.format not in READ:
        return 1
    # The picture that a PNG has for programs that show no animation may be none of its frames.
    return getattr(image, "n_frames", 1) - bool(image.info.get("default_image"))


def _frames(image: Image.Image, size: tuple[int, int]) -> Iterator[Image.Image]:
    """Yields the open file itself, at each frame, or where a GIF grows what is inside `size`."""
    height, width = size
    skipped = getattr(image, "n_frames", 1) - _frame_count(image)
    for index in range(skipped, _frame_count(image) + skipped):
        if isinstance(image, GifImagePlugin.GifImageFile):
            # Or a frame that does not say what becomes of it would do as the one before.
            image.disposal_method = 0
        image.seek(index)
        image.load()
        yield image if image.size == (width, height) else image.crop((0, 0, width, height))


def _plays(image: Image.Image) -> int:
    """How often the animation is shown; GIF says how often it is repeated, or nothing."""
    if image.format == "GIF":
        repeats = image.info.get("loop")
        return 1 if repeats is None else repeats and repeats + 1
    return image.info.get("loop", 0)


def _cut_off(path: AnyPath, image: Image.Image) -> bool:
    """Whether a GIF lacks its end; the other formats would not have been decoded."""
    with open(path, "rb") as file:
        file.seek(-min(os.path.getsize(path), 1024), os.SEEK_END)  # Some have a little more there.
        return image.format == "GIF" and GIF_END not in file.read()


def _in_ticks(milliseconds: Sequence[float], tick: int) -> list[int]:
    """Durations in whole ticks, in milliseconds: what is rounded off is not added up."""
    ends = [round(end / tick) for end in itertools.accumulate(milliseconds)]
    return [tick * (end - begin) for begin, end in itertools.pairwise([0, *ends])]


def _for_gif(milliseconds: Sequence[float]) -> list[int]:
    """Durations as GIF can say them; what is faster than viewers go is slowed to that."""
    rounded = _in_ticks(milliseconds, GIF_TICK)
    pairs = zip(milliseconds, rounded, strict=True)
    slowed = [max(GIF_LEAST, ticks) if exact > GIF_TICK else ticks for exact, ticks in pairs]
    return [min(ticks, GIF_MOST) for ticks in slowed]
