"""Picture files, opened and replaced: whatever goes wrong is a UserError that names the path."""

import contextlib
import os
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from restyle.errors import UserError
from restyle.media.heif_files import is_heif, opened_heif

AnyPath = str | os.PathLike[str]

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


@contextlib.contextmanager
def written_beside(path: AnyPath) -> Iterator[BinaryIO]:
    """Yields a temporary file in the same folder, which takes the place of `path` at the end."""
    target = Path(os.path.realpath(path))  # A link stays a link.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            yield file
        os.replace(temporary, target)
    except (OverflowError, struct.error) as error:  # Of GIF, which counts to 65,535.
        raise UserError(
            f"'{path}' cannot be written: a side is too long for its format. Nothing was changed."
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(f"'{path}' cannot be written: {reason}. Nothing was changed.") from error
    finally:
        temporary.unlink(missing_ok=True)


def check_target(path: AnyPath, endings: Iterable[str]) -> None:
    """Raises UserError if no such file could be written here: ask before a long run, not after.

    endings: of the names that say in which format, ".png".
    """
    target, known = Path(path), list(endings)
    if target.suffix.lower() not in known:
        one_of = "one of " if len(known) > 1 else ""
        raise UserError(
            f"'{path}' does not name a format to write in. "
            f"End its name with {one_of}{', '.join(known)}."
        )
    if target.is_dir():
        raise UserError(f"'{path}' is a folder. Give the name of a file to write.")
    if not target.parent.is_dir():
        raise UserError(
            f"'{path}' cannot be written: there is no folder '{target.parent}'. Create it first."
        )
    # The new file takes the place of the old one, which the system allows even if it is read-only.
    for place in (target.parent, target):
        if place.exists() and not os.access(place, os.W_OK):
            raise UserError(
                f"'{path}' cannot be written: '{place}' is read-only. "
                "Choose another place, or change its permissions."
            )


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
