"""Frames of a video <-> float32 RGB pixels in [0, 1], by the matrix and range the file states."""

import dataclasses

import av
import numpy as np
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from restyle.media.images import dequantize, quantize

# Numbers of ITU-T H.273, which the files and libavutil use.
BT709, BT470BG, SMPTE170M = 1, 5, 6
KNOWN_MATRICES = (BT709, 4, BT470BG, SMPTE170M, 7, 9)
UNSPECIFIED = 2
LIMITED_RANGE, FULL_RANGE = 1, 2

HD_HEIGHT = 720

# Without the last three, swscale is up to two levels off even on a flat color.
EXACT = (
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


@dataclasses.dataclass(frozen=True)
class VideoColors:
    """How the numbers in a video stand for colors, as numbered in ITU-T H.273.

    Attributes:
      matrix: from RGB to luma and chroma: 1 is BT.709, 5 and 6 are BT.601, 9 is BT.2020.
      range: 1 if 8-bit luma goes from 16 to 235, 2 if from 0 to 255.
      primaries: what red, green and blue are; carried from file to file, never converted.
      transfer: the tone curve; carried likewise. HDR stays HDR, with the 8 bits that are left.
    """

    matrix: int
    range: int
    primaries: int
    transfer: int


def colors_of(stream: VideoStream) -> VideoColors:
    """What the stream states; where it is silent, BT.709 from 720 rows on, else BT.601.

    Silent are old files, screen captures, and those whose pixels are RGB. Players guess the same.
    """
    context = stream.codec_context
    guess = BT709 if context.height >= HD_HEIGHT else SMPTE170M
    yuv = not (context.format and context.format.is_rgb)
    full = yuv and (context.color_range == FULL_RANGE or str(context.pix_fmt).startswith("yuvj"))
    return VideoColors(
        matrix=context.colorspace if context.colorspace in KNOWN_MATRICES else guess,
        range=FULL_RANGE if full else LIMITED_RANGE,
        primaries=context.color_primaries,
        transfer=context.color_trc,
    )


def frame_to_pixels(frame: av.VideoFrame, colors: VideoColors) -> np.ndarray:
    """(h, w, 3) float32 RGB in [0, 1], not yet upright.

    By way of 8 bits: what a deeper source has below that is lost. Alpha is ignored.
    """
    if frame.format.is_rgb:
        rgb = frame.reformat(format="rgb24")
    else:
        rgb = frame.reformat(
            format="rgb24",
            src_colorspace=_swscale_matrix(colors.matrix),
            src_color_range=FULL_RANGE if colors.range == FULL_RANGE else None,
            interpolation=EXACT,
        )
    return dequantize(rgb.to_ndarray())


def pixels_to_frame(pixels: np.ndarray, colors: VideoColors, pixel_format: str) -> av.VideoFrame:
    """The frame to encode. Undone by `frame_to_pixels` but for the halving of chroma.

    Left to itself the encoder converts by BT.601, whatever the stream says: (200, 50, 20) in a
    BT.709 file would come back as (210, 59, 12).

    Args:
      pixels: (h, w, 3) RGB in [0, 1]; what lies outside is clipped.
    """
    frame = av.VideoFrame.from_ndarray(quantize(pixels)).reformat(
        format=pixel_format,
        dst_colorspace=_swscale_matrix(colors.matrix),
        dst_color_range=colors.range,
        interpolation=EXACT,
    )
    tag_colors(frame, colors)
    return frame


def tag_colors(target, colors: VideoColors) -> None:
    """States the colors on a frame or on the codec context of a stream."""
    target.colorspace = colors.matrix
    target.color_range = colors.range
    target.color_primaries = colors.primaries
    target.color_trc = colors.transfer


def _swscale_matrix(matrix: int) -> int:
    # swscale knows both BT.601 matrices, which are the same one, by the first number only.
    return BT470BG if matrix == SMPTE170M else matrix
