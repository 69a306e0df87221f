"""Picture files, opened: whatever goes wrong is a UserError that names the path."""

import contextlib
import os
import struct
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.heif_files import is_heif, opened_heif

# 13,300 pixels square, 2.1 GB as float32. From 179 million on, Pillow refuses by itself.
MAX_PIXELS = 178_000_000

# Not all that Pillow opens: it would start Ghostscript for an EPS, and take some text for a TGA.
READABLE = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")

# What Pillow's decoders raise when the bytes are not what their header promised.
BROKEN_FILE = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError),
    *(RuntimeError, struct.error, zlib.error),
)


# Of odd metadata that does not touch the pixels. Once for all: warnings.catch_warnings would change
# the whole process, in which other threads are reading too.
warnings.filterwarnings("ignore", module=r"PIL\.")


@contextlib.contextmanager
def opened(path: AnyPath) -> Iterator[Image.Image]:
    """Yields the open file. What fails until it is closed, opening or decoding, is a UserError."""
    try:
        with _open(path) as image:
            _check_pixel_count(path, image)
            yield image
    except BROKEN_FILE as error:
        raise UserError(_why_unreadable(path, error)) from error
    except Image.DecompressionBombError as error:
        raise UserError(f"'{path}' is too large: {error} Make it smaller first.") from error


def _open(path: AnyPath) -> Image.Image:
    try:
        return Image.open(path, formats=READABLE)
    except UnidentifiedImageError:
        if not is_heif(path):
            raise
    return opened_heif(path)


def _check_pixel_count(path: AnyPath, image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UserError(
            f"'{path}' is too large: {width} x {height} pixels are "
            f"{width * height:,}, the limit is {MAX_PIXELS:,}. Make it smaller first."
        )


def _why_unreadable(path: AnyPath, error: Exception) -> str:
    """The one line for the user: what is wrong with the file and what to do."""
    if isinstance(error, FileNotFoundError):
        looked_in = "" if os.path.isabs(path) else f" (looked in {os.getcwd()})"
        return f"No image at '{path}'{looked_in}."
    if isinstance(error, IsADirectoryError):
        return f"'{path}' is a folder. Give the path of one picture."
    if isinstance(error, PermissionError):
        return f"'{path}' cannot be read: permission denied. Change its permissions, or copy it."
    if isinstance(error, OSError) and error.strerror:
        return f"'{path}' cannot be read: {error.strerror}."
    if os.path.getsize(path) == 0:
        return f"'{path}' is empty (0 bytes). Copy or download it again."
    if isinstance(error, UnidentifiedImageError):
        formats = ", ".join([*READABLE, "HEIC"])
        return f"'{path}' is not a picture in a known format ({formats}). Save it as PNG or JPEG."
    return f"'{path}' is broken ({' '.join(str(error).split())}). Copy or download it again."
