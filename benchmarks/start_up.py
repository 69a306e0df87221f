"""How long one small picture takes from the command line, beside what Python itself takes to start.

  python -m benchmarks.start_up --engine tensorflow --engine auto
  python -m benchmarks.start_up --rival "other_program PHOTO -o OUT"

The commands take turns, so that a busy moment of the machine meets all of them. A command that
fails is told with its last line and not timed.
"""

import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import app, flags
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FLAGS = flags.FLAGS
flags.DEFINE_string("model", "starry_night", "The network, a name or a .keras file.")
flags.DEFINE_integer("runs", 5, "Of each command.", lower_bound=1)
flags.DEFINE_multi_string("engine", ["auto"], "Engines of evaluate.py to time.")
flags.DEFINE_multi_string("rival", [], "Commands of other programs, PHOTO and OUT for the paths.")


def commands(folder: Path) -> dict[str, list[str]]:
    """What is timed, by the name it is shown under."""
    photo, result = str(folder / "photo.png"), str(folder / "out.png")
    named = {
        "import numpy": [sys.executable, "-c", "import numpy"],
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    }
    program = [sys.executable, str(ROOT / "evaluate.py"), f"--model={FLAGS.model}"]
    for engine in FLAGS.engine:
        named[f"evaluate.py --engine={engine}"] = [
            *program,
            *(f"--input={photo}", f"--output={result}", f"--engine={engine}"),
        ]
    for rival in FLAGS.rival:
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


def main(_: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        levels = np.random.default_rng(0).integers(0, 256, (36, 64, 3), dtype=np.uint8)
        Image.fromarray(levels).resize((640, 360)).save(Path(name, "photo.png"))
        timed = commands(Path(name))
        for command in timed.values():  # Files that were never read come from a slow disk.
            seconds(command)
        times = {label: [] for label in timed}
        for _run in range(FLAGS.runs):
            for label, command in timed.items():
                times[label].append(seconds(command))
    start = statistics.median(times["import tensorflow"])
    for label, values in times.items():
        middle = statistics.median(values)
        spread = f"{min(values):.2f} to {max(values):.2f}"
        print(f"{label:36}{middle:7.2f} s  ({spread}){middle / start:7.2f} of import tensorflow")


if __name__ == "__main__":
    app.run(main)
