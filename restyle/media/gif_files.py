"""GIF as it is written: a palette for each frame, and one frame after the other."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import GifImagePlugin, Image

# The last of 256 is the clear one.
COLORS = 255
CLEAR = 255
LEAVE, REMOVE = 1, 2  # What becomes of a frame before the next one is drawn.


def paletted(image: Image.Image) -> Image.Image:
    """An RGB or RGBA picture in its 255 best colors, dithered; half clear is clear."""
    colors = image.convert("RGB")
    # A hundred times as fast as Pillow's median cut, and nearer to the picture once it is dithered.
    palette = colors.quantize(COLORS, Image.Quantize.FASTOCTREE)
    result = colors.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    if image.mode == "RGBA":
        result.putpalette([*(result.getpalette() or []), *[0] * 768][:768])
        clear = image.getchannel("A").point([255] * 128 + [0] * 128)
        result.paste(CLEAR, mask=clear)
        result.info["transparency"] = CLEAR
    return result


def write_gif(
    file: BinaryIO,
    frames: Iterable[tuple[Image.Image, int]],
    *,
    plays: int,
    comment: str | bytes = b"",
) -> None:
    """Writes frames as they come, so that no more than one is held.

    Pillow's own `save` would hold all of them.

    frames: each of `paletted`, all with a clear color or none, of one size; and the milliseconds
      for which each is shown, multiples of 10.
    plays: how often all are shown, 0 without end. The file counts how often they are repeated.
    """
    about: dict[str, Any] = {} if plays == 1 else {"loop": max(0, plays - 1)}
    for index, (image, milliseconds) in enumerate(frames):
        if index == 0:
            # A duration, of any length, for the version of the format that knows of time.
            about |= {"comment": comment, "duration": 100}
            file.writelines(GifImagePlugin.getheader(image, info=about)[0])
        how: dict[str, Any] = {"duration": milliseconds, "disposal": LEAVE}
        if "transparency" in image.info:
            how |= {"transparency": CLEAR, "disposal": REMOVE}
        file.writelines(GifImagePlugin.getdata(image, include_color_table=True, **how))
    file.write(b";")
