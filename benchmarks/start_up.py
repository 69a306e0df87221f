"""How long one small picture takes from the command line, beside what Python itself takes to start.

  python -m benchmarks.start_up --engine tensorflow --engine auto
  python -m benchmarks.start_up --rival "other_program PHOTO -o OUT"

The commands take turns, so that a busy moment of the machine meets all of them. A command that
fails is told with its last line and not timed.
"""

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.report import parser_of

ROOT = Path(__file__).resolve().parent.parent


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--model", default="starry_night", help="a network: a name or a .keras file"
    )
    parser.add_argument("--runs", type=int, default=5, help="of each command")
    parser.add_argument("--engine", action="append", help="of evaluate.py; auto if not given")
    parser.add_argument(
        "--rival", action="append", default=[], help="another program; PHOTO and OUT for the paths"
    )
    return parser.parse_args()


def commands(flags: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    """What is timed, by the name it is shown under."""
    photo, result = str(folder / "photo.png"), str(folder / "out.png")
    named = {
        "import numpy": [sys.executable, "-c", "import numpy"],
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    }
    program = [sys.executable, str(ROOT / "evaluate.py"), f"--model={flags.model}"]
    for engine in flags.engine or ["auto"]:
        named[f"evaluate.py --engine={engine}"] = [
            *program,
            *(f"--input={photo}", f"--output={result}", f"--engine={engine}"),
        ]
    for rival in flags.rival:
        filled = rival.replace("PHOTO", photo).replace("OUT", result)
        named[rival.split()[0].rsplit("/", 1)[-1]] = shlex.split(filled)
    return named


def seconds(command: Sequence[str]) -> float:
    """From the start of a process to its end."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {(done.stderr.splitlines() or ['failed'])[-1]}")
    return time.perf_counter() - began


def main() -> None:
    flags = _flags()
    with tempfile.TemporaryDirectory() as name:
        levels = np.random.default_rng(0).integers(0, 256, (36, 64, 3), dtype=np.uint8)
        Image.fromarray(levels).resize((640, 360)).save(Path(name, "photo.png"))
        timed = commands(flags, Path(name))
        for command in timed.values():  # Files that were never read come from a slow disk.
            seconds(command)
        times = {label: [] for label in timed}
        for _run in range(flags.runs):
            for label, command in timed.items():
                times[label].append(seconds(command))
    start = statistics.median(times["import tensorflow"])
    for label, values in times.items():
        middle = statistics.median(values)
        spread = f"{min(values):.2f} to {max(values):.2f}"
        print(f"{label:36}{middle:7.2f} s  ({spread}){middle / start:7.2f} of import tensorflow")


if __name__ == "__main__":
    main()
