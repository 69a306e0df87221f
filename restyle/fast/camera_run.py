"""A camera, painted as it films."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from restyle.fast.smoothing import Smoother
from restyle.fast.stylizer import Stylizer
from restyle.media.images import resize
from restyle.media.live_outputs import LiveOutput
from restyle.media.video_reader import Frame


def paint_live(
    frames: Iterable[Frame],
    output: LiveOutput,
    stylizer: Stylizer,
    *,
    size: tuple[int, int],
    smoother: Smoother | None = None,
) -> Iterator[Fraction]:
    """Paints one frame after the other until the output is closed; yields each one's time.

    Nothing is read ahead: a frame that waits is an old one.

    size: (height, width) of the result.
    """
    for frame in frames:
        pixels = frame.pixels if frame.pixels.shape[:2] == size else resize(frame.pixels, size)
        painted = stylizer.picture(pixels)
        if smoother:
            painted = smoother(pixels, painted)
        output.write(Frame(painted, frame.time))
        yield frame.time
        if output.closed:
            return
