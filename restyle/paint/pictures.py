"""Many pictures, still or moving, one after another: read ahead, painted, written behind."""

import collections
import dataclasses
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from restyle.errors import UserError
from restyle.files import make_folder
from restyle.media.animations import (
    Animation,
    can_be_animated,
    is_animated,
    read_animation,
    write_animation,
)
from restyle.media.folders import Job
from restyle.media.images import (
    Picture,
    check_writable,
    fit_long_side,
    image_size,
    read_image,
    resize,
    write_image,
)
from restyle.media.read_ahead import read_ahead
from restyle.media.transparency import without_white
from restyle.models.settings import setting
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Stylizer

BEHIND = 2

# Job, how many of its frames are painted, and how many there are.
Watch = Callable[[Job, int, int], None]


@dataclasses.dataclass(frozen=True)
class PaintConfig:
    """How pictures and frames are prepared for a network, and what is done to its own."""

    max_size: int = setting(
        0, "Shrink inputs whose long side is longer than this, in pixels; 0: keep every size."
    )
    smooth: float = setting(
        0.0, "Steady video and animations by optical flow: 0, not at all, to below 1; try 0.7."
    )

    def __post_init__(self):
        if self.max_size < 0:
            raise ValueError(f"Got max_size {self.max_size}, expected 0 or more.")
        if not 0 <= self.smooth < 1:
            raise ValueError(f"Got smooth {self.smooth:g}, expected 0 to below 1.")

    def smoother(self) -> Smoother | None:
        """A new one for the frames of one video or animation, None if they stay as painted."""
        return Smoother(self.smooth) if self.smooth else None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a picture.

    Attributes:
      size: (height, width) of the result; (0, 0) if there is none.
      seconds: that painting took.
      error: why there is no result; "" if there is one.
      note: what the user should know of the file that was read.
    """

    job: Job
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    error: str = ""
    note: str = ""


def paint_pictures(
    jobs: Iterable[Job],
    stylizer: Stylizer,
    config: PaintConfig,
    *,
    recipe: Callable[[Job], str],
    watch: Watch = lambda job, frames, of: None,
) -> Generator[Outcome, None, None]:
    """Paints and writes each picture; the outcomes in the order of the jobs.

    One that cannot be read or written is an outcome too. Closed early, it waits for those that
    are being written: nothing is left half-done. A picture that moves stays one that does where
    the format of its result can, of any number of frames.

    recipe: the text to keep in a job's result.
    watch: is told after each frame of an animation how many are painted, of how many; what it
      raises ends the run.
    """
    waiting: collections.deque[Future[Outcome]] = collections.deque()

    def read(job: Job) -> Picture | Animation:
        if can_be_animated(job.target) and is_animated(job.source):
            return read_animation(job.source)
        return shrunk(read_image(job.source), config.max_size)

    def painted_frames(job: Job, animation: Animation) -> Iterator[Picture]:
        smoother = config.smoother()
        for count, picture in enumerate(animation.pictures(), 1):
            painted = _paint_frame(shrunk(picture, config.max_size), stylizer, smoother)
            watch(job, count, len(animation.milliseconds))
            yield painted

    with ThreadPoolExecutor(1) as writer:
        for job, picture in read_ahead(read, jobs, workers=2, ahead=BEHIND):
            if isinstance(picture, Animation):
                outcome = _animate(job, picture, painted_frames(job, picture), recipe)
                waiting.append(writer.submit(lambda done: done, outcome))
            else:
                waiting.append(writer.submit(_write, *_paint(job, picture, stylizer), recipe))
            if len(waiting) > BEHIND:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def make_ready(target: Path) -> None:
    """Makes the folder of a result; UserError if it cannot be, or the result cannot be written."""
    make_folder(target.parent, "Choose another place for the results.")
    check_writable(target)


def shrunk(picture: Picture, max_size: int) -> Picture:
    """The picture with a long side of at most `max_size` pixels; 0 keeps every size."""
    size = picture.pixels.shape[:2]
    if not max_size or max(size) <= max_size:
        return picture
    smaller = fit_long_side(size, max_size)
    alpha = None if picture.alpha is None else resize(picture.alpha, smaller)
    return Picture(resize(picture.pixels, smaller), alpha, picture.note)


def _paint(
    job: Job, picture: Picture | Exception, stylizer: Stylizer
) -> tuple[Outcome, np.ndarray | None, np.ndarray | None]:
    """The outcome so far, the painted pixels and their alpha."""
    try:
        if isinstance(picture, Exception):
            raise picture
        began = time.perf_counter()
        painted = stylizer.picture(picture.pixels)
    except UserError as error:
        return Outcome(job, error=str(error)), None, None
    seconds = time.perf_counter() - began
    size = painted.shape[0], painted.shape[1]
    painted = without_white(painted, picture.alpha)
    return Outcome(job, size, seconds, note=picture.note), painted, picture.alpha


def _paint_frame(picture: Picture, stylizer: Stylizer, smoother: Smoother | None) -> Picture:
    """A frame as it is written."""
    painted = stylizer.picture(picture.pixels)
    if smoother:
        painted = smoother(picture.pixels, painted)
    return Picture(without_white(painted, picture.alpha), picture.alpha)


def _animate(
    job: Job, animation: Animation, painted: Iterator[Picture], recipe: Callable[[Job], str]
) -> Outcome:
    """Writes the frames as they are painted, none of which is kept here."""
    began = time.perf_counter()
    try:
        make_ready(job.target)
        write_animation(
            job.target,
            painted,
            milliseconds=animation.milliseconds,
            plays=animation.plays,
            recipe=recipe(job),
        )
        size = image_size(job.target)
    except (UserError, OSError) as error:
        return Outcome(job, error=str(error))
    return Outcome(job, size, time.perf_counter() - began, note=animation.note)


def _write(
    outcome: Outcome,
    painted: np.ndarray | None,
    alpha: np.ndarray | None,
    recipe: Callable[[Job], str],
) -> Outcome:
    if painted is None:
        return outcome
    job = outcome.job
    try:
        make_ready(job.target)
        write_image(job.target, painted, alpha=alpha, recipe=recipe(job))
    except (UserError, OSError) as error:
        return Outcome(job, error=str(error))
    return outcome
