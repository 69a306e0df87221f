"""A camera, painted as it films."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from restyle.media.images import resize
from restyle.media.video.live import LiveOutput
from restyle.media.video.reader import Frame
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Stylizer


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
