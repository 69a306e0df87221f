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
    """Yields paths to read and to write; "-" stands for a stream, and so do errors name it.

    What is written is copied to standard output at the end, if it was written at all.

    suffix: the format of standard output, ".png".
    """
    with tempfile.TemporaryDirectory() as folder:
        read, written = Path(folder, "standard_input"), Path(folder, f"standard_output{suffix}")
        if source == STREAM:
            read.write_bytes(_standard_input())
        try:
            yield (
                str(read) if source == STREAM else source,
                str(written) if target == STREAM else target,
            )
        except UserError as error:
            named = str(error).replace(str(read), "standard input")
            raise UserError(named.replace(str(written), "standard output")) from error
        if written.exists():
            _to_standard_output(written.read_bytes())


def _standard_input() -> bytes:
    content = sys.stdin.buffer.read() if sys.stdin else b""
    if not content:
        raise UserError("Standard input is empty. Pipe a picture into it.")
    return content


def _to_standard_output(content: bytes) -> None:
    if not sys.stdout:
        raise UserError("Standard output is closed. Give a file to write to.")
    # Not sys.stdout.buffer, which under python -u leaves out what does not fit at once.
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        output.write(content)
