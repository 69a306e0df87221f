"""Ours beside two other programs' recipes: seconds, terms, grain, and the pictures on one sheet.

  python -m benchmarks.beside_others --content photo.jpg --style painting.jpg

restyle is `optimize_style.py` with its defaults. crowsonkb and jcjohnson are the recipes of
style-transfer-pytorch and neural-style with theirs, written anew in PyTorch (benchmarks/recipes.py
says what they are) on the same VGG-19. lbfgs is PyTorch's L-BFGS as jcjohnson uses it, 1000
iterations at one scale, on our objective: how fast is ours to the same value?

Each run is a process of its own; its seconds are those from its start to its end, its processor
seconds those of all cores, by which programs are compared: other work hardly changes them. Every
picture is measured as saved, by our objective in float32 and by benchmarks/flat_areas.py. `--share
0.1` does a tenth of the others' iterations; their seconds are then multiplied, which "about" says,
but their pictures are what a tenth of the iterations makes. Ours always does all of its own.
Finished runs stay in --folder and are not run again, so that this can be stopped at any time.
Prints Markdown.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from restyle.models.vgg_layers import LAYER_NAMES

from benchmarks.contest import Numbers, Result, reaching_text, table
from benchmarks.flat_areas import flat_area_numbers
from benchmarks.recipes import Crowsonkb, Jcjohnson, Stage, shortened
from benchmarks.report import parser_of
from benchmarks.worker import REPOSITORY
from restyle.errors import UserError
from restyle.exact.settings import PictureObjective
from restyle.files import written_beside
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import read_image, write_image

PROGRAMS = ("restyle", "crowsonkb", "jcjohnson", "lbfgs")


class Pair(NamedTuple):
    """The paths of a photo and of a painting."""

    content: Path
    style: Path

    @property
    def name(self) -> str:
        """The names of both files."""
        return f"{self.content.stem}_{self.style.stem}"


def main() -> None:
    flags = _flags()
    if len(flags.content) != len(flags.style):
        raise UserError(
            f"Got {len(flags.content)} --content and {len(flags.style)} --style, expected one "
            "painting for each photo."
        )
    paths = zip(flags.content, flags.style, strict=True)
    pairs = [Pair(Path(content).resolve(), Path(style).resolve()) for content, style in paths]
    flags.folder.mkdir(parents=True, exist_ok=True)
    results = {pair: _results(pair, flags) for pair in pairs}
    judge = _Judge()
    for pair in pairs:
        measured = {p: judge.numbers(pair, _kept(pair, p, flags)) for p in flags.programs}
        print(f"\n{pair.name}, {flags.size} pixels\n\n{table(results[pair], measured)}\n")
        if {"restyle", "lbfgs"} <= set(flags.programs):
            ours, theirs = results[pair]["restyle"], results[pair]["lbfgs"]
            print(reaching_text(ours, theirs, measured["lbfgs"]["objective"]), flush=True)
    write_image(flags.folder / "sheet.jpg", _sheet(pairs, flags))


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--content", nargs="+", default=["samples/landscape.jpg"])
    parser.add_argument("--style", nargs="+", default=["samples/brushwork.jpg"])
    parser.add_argument("--size", type=int, default=512, help="long side of the results")
    parser.add_argument("--share", type=float, default=1.0, help="of the others' iterations")
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    parser.add_argument("--folder", type=Path, default=Path("beside_others"))
    parser.add_argument(
        "--torch_python",
        default=sys.executable,
        help="a Python that has PyTorch, NumPy and Pillow, and for lbfgs Keras",
    )
    flags = parser.parse_args()
    if not 0 < flags.share <= 1:
        parser.error(f"got --share {flags.share:g}, expected a number above 0, at most 1")
    return flags


def _results(pair: Pair, flags: argparse.Namespace) -> dict[str, Result]:
    """What each program took, by running those that have not run yet."""
    results = {}
    for program in flags.programs:
        picture = _kept(pair, program, flags)
        record = picture.with_suffix(".json")
        if not record.exists():
            print(f"{program} paints {pair.name} ...", file=sys.stderr, flush=True)
            run = _ours if program == "restyle" else _theirs
            result = run(pair, program, picture, flags)
            with written_beside(record) as file:
                file.write(json.dumps(result._asdict()).encode())
        results[program] = Result(**json.loads(record.read_text()))
    return results


def _kept(pair: Pair, program: str, flags: argparse.Namespace) -> Path:
    """Where a program's picture is."""
    return flags.folder / f"{pair.name}_{flags.size}_{flags.share:g}_{program}.png"


def _ours(pair: Pair, _: str, picture: Path, flags: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        arguments = {
            "content": pair.content,
            "style": pair.style,
            "size": flags.size,
            "output": picture.resolve(),
            "run_dir": folder,  # For the seconds of each iteration.
            "save_every": 0,
        }
        texts = [f"--{name}={value}" for name, value in arguments.items()]
        times = _times_of([sys.executable, "optimize_style.py", *texts])
        with open(Path(folder) / "metrics.csv", newline="") as file:
            rows = [
                {name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)
            ]
    width = rows[-1]["width"]
    curve = [(row["seconds"], row["objective"]) for row in rows if row["width"] == width]
    return Result(*times, rows[-1]["seconds"], 1.0, curve)


def _theirs(pair: Pair, program: str, picture: Path, flags: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        inputs, result = Path(folder) / "inputs.npz", Path(folder) / "result.npz"
        np.savez(inputs, allow_pickle=False, **_inputs(pair, flags.size))
        arguments = [str(inputs), program, str(result), str(flags.share)]
        module = [flags.torch_python, "-m", "benchmarks.pytorch_recipes"]
        times = _times_of([*module, *arguments], KERAS_BACKEND="torch")
        with np.load(result) as arrays:
            found = dict(arrays)
    write_image(picture, found["picture"])
    stages = (Crowsonkb() if program == "crowsonkb" else Jcjohnson()).stages(flags.size)
    share = _work(shortened(stages, flags.share)) / _work(stages)
    return Result(*times, float(found["seconds"]), share, found["curve"].tolist())


def _work(stages: Sequence[Stage]) -> int:
    return sum(stage.work for stage in stages)


def _inputs(pair: Pair, size: int) -> dict[str, np.ndarray]:
    """The pictures, and the filters down to the deepest layer that anybody looks at."""
    with quiet_start():
        from restyle.models.weights.load import load_vgg_weights

    asked = {*PictureObjective().layers, *Crowsonkb().style_layers, Crowsonkb().content_layer}
    layers = LAYER_NAMES[: 1 + max(LAYER_NAMES.index(layer) for layer in asked)]
    filters = load_vgg_weights().filters
    inputs: dict[str, Any] = {"layers": np.array(layers), "size": np.array(size)}
    for name in layers:
        inputs[f"{name} kernel"], inputs[f"{name} bias"] = filters[name]
    pictures = {"content": pair.content, "style": pair.style}
    return inputs | {name: read_image(path).pixels for name, path in pictures.items()}


def _times_of(command: Sequence[str], **environment: str) -> tuple[float, float]:
    """Seconds and processor seconds of a process; UserError with its last words if it fails."""
    began, used = time.perf_counter(), _used_by_children()
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        raise UserError(f"'{' '.join(command[:3])} ...' failed: {last}")
    return time.perf_counter() - began, _used_by_children() - used


def _used_by_children() -> float:
    """Processor seconds of all processes that this one has started and that are over."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Judge:
    """Our scorer; TensorFlow is imported here, when all runs are over and need no memory."""

    def __init__(self):
        with quiet_start():
            from restyle.models.vgg19 import vgg19_features
            from restyle.models.weights.load import load_vgg_weights

        self.config = PictureObjective()
        self.network = vgg19_features(
            load_vgg_weights(), self.config.layers, pooling=self.config.pooling
        )

    def numbers(self, pair: Pair, picture: Path) -> Numbers:
        """The terms and the numbers of flat areas of a result, by name."""
        from restyle.measure import Painting, score

        result, photo, painting = (read_image(p).pixels for p in (picture, *pair))
        terms = score(result, photo, [Painting(painting)], self.network, self.config)
        return terms | flat_area_numbers(result, photo, painting)


def _sheet(pairs: Sequence[Pair], flags: argparse.Namespace) -> np.ndarray:
    """A row for each pair: photo, painting, and what each program made of them."""
    rows = [[*pair, *(_kept(pair, program, flags) for program in flags.programs)] for pair in pairs]
    return contact_sheet(
        [[read_image(path).pixels for path in row] for row in rows],
        row_labels=[f"{pair.content.stem}, {pair.style.stem}" for pair in pairs],
        column_labels=["photo", "painting", *flags.programs],
        long_side=min(flags.size, 512),
    )


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
