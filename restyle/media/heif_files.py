"""HEIF and HEIC files, the pictures of phones, opened by the package pillow-heif if it is there."""

import os

from PIL import Image

from restyle.errors import check_installed

SUFFIXES = (".heic", ".heif", ".hif")
BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def is_heif(path: str | os.PathLike[str]) -> bool:
    """Whether a file says in its first bytes that it is HEIF; not so AVIF, its kin."""
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[4:8] == b"ftyp" and head[8:] in BRANDS


def opened_heif(path: str | os.PathLike[str]) -> Image.Image:
    """The open file, upright: what turns it is applied when it is decoded.

    Raises:
      UserError: pillow-heif is not installed.
      SyntaxError: the file is broken.
    """
    check_installed(f"'{path}' is a HEIC picture, which", "pillow-heif")
    from pillow_heif import HeifImageFile

    return HeifImageFile(path)
