"""Standard input and output where a picture's path is asked for."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from restyle.errors import UserError

STREAM = "-"


@contextlib.contextmanager
def as_files(source: str, target: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Yields paths to read and to write; "-" stands for a stream.

    What is written is copied to standard output at the end, if it was written at all.

    suffix: the format of standard output, ".png".
    """
    with tempfile.TemporaryDirectory() as folder:
        read, written = Path(folder, "standard_input"), Path(folder, f"standard_output{suffix}")
        if source == STREAM:
            read.write_bytes(sys.stdin.buffer.read())
            if not read.stat().st_size:
                raise UserError("Standard input is empty; the bytes of a picture were expected.")
        yield (
            str(read) if source == STREAM else source,
            str(written) if target == STREAM else target,
        )
        if written.exists():
            sys.stdout.buffer.write(written.read_bytes())
            sys.stdout.buffer.flush()
