"""A program that writes much, a picture, or a note: python tests/talking_program.py lines."""

import sys

from restyle.media.standard_streams import as_files
from restyle.programs import command_line
from restyle.programs.flags import Flags


def lines(given):
    print("line\n" * 50_000)


def picture(given):
    with as_files("in.png", "-", ".bmp") as (_, target), open(target, "wb") as file:
        file.write(bytes(1_000_000))


def note(given):
    print("note", file=sys.stderr)


if __name__ == "__main__":
    work = {"lines": lines, "picture": picture, "note": note}[sys.argv[1]]
    sys.exit(command_line.run_program(work, Flags({}), "About.", []))
