"""What the measuring programs share: flags, numbers that are listed, lines of tables."""

import argparse
from collections.abc import Iterable, Sequence

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


def whole_numbers(text: str) -> list[int]:
    """Those of a list with commas."""
    return [int(number) for number in text.split(",")]


def line(cells: Iterable[str]) -> str:
    """A line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def head(titles: Sequence[str]) -> str:
    """The two lines that a table begins with."""
    return f"{line(titles)}\n{line(['---'] * len(titles))}"
