"""What the measuring programs share: flags, numbers that are listed, lines of tables."""

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Value = TypeVar("Value")

SHARED_FLAGS = {
    "content": {"default": "samples/landscape.jpg"},
    "style": {"default": "samples/brushwork.jpg"},
    "model": {"required": True, "help": "a trained network: a name or a .keras file"},
    "clips": {"required": True, "nargs": "+"},
    "torch_python": {"help": "a Python that has PyTorch; without, no comparison"},
}


def parser_of(description: str | None, *shared: str) -> argparse.ArgumentParser:
    """A parser that shows a module's docstring as it stands, with some of the shared flags."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in shared:
        parser.add_argument(f"--{name}", **SHARED_FLAGS[name])
    return parser


def listed(kind: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    """What reads a list with commas, each item by `kind`."""
    return lambda text: [kind(item) for item in text.split(",")]


def size_of(megapixels: float) -> tuple[int, int]:
    """(height, width) of a picture of 4:3 and so many pixels."""
    height = round(math.sqrt(megapixels * 1e6 * 3 / 4))
    return height, round(megapixels * 1e6 / height)


def line(cells: Iterable[str]) -> str:
    """A line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def head(titles: Sequence[str]) -> str:
    """The two lines that a table begins with."""
    return f"{line(titles)}\n{line(['---'] * len(titles))}"
