"""Writing files and folders, whatever they hold: what goes wrong is a UserError that names them."""

import contextlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from restyle.errors import UserError

AnyPath = str | os.PathLike[str]

# What numpy raises for an .npz that was cut off, or is none.
BROKEN_ARRAYS = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


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
            f"'{path}' does not say in which format to write. "
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


def make_folder(path: AnyPath, advice: str) -> None:
    """Makes a folder and those it lies in; UserError, with the advice, if it cannot be one."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot make the folder '{path}': {error.strerror}. {advice}") from error
