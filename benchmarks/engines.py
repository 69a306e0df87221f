"""Seconds of one pass on each engine beside TensorFlow in float32, and how far its picture is off.

  python -m benchmarks.engines --model NETWORK.keras --torch_python VENV/bin/python

Each configuration is a process of its own; they take turns, and ratios are medians over pairs of
turns that followed each other. The picture's error is against TensorFlow in float32, on 0..255.
PyTorch runs the same network with the same weights. Prints a table in Markdown.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.report import head, line, parser_of
from benchmarks.worker import Worker, serve, take_turns
from restyle.media.images import read_image, resize

REFERENCE = ("tensorflow", "float32")
CONFIGURATIONS = (
    REFERENCE,
    ("tensorflow", "bfloat16"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("openvino", "int8"),
    ("onnxruntime", "float32"),
)
TORCH = (("pytorch", "float32"), ("pytorch", "bfloat16"))
HEADINGS = ("pixels", "engine", "seconds", "times as fast", "mean error", "largest error")


def main() -> None:
    flags = _flags()
    if flags.worker:
        serve(_engine_pass(*flags.worker))
        return
    print(head(HEADINGS))
    for width, height in flags.sizes:
        with tempfile.TemporaryDirectory() as folder:
            inputs = Path(folder) / "inputs.npz"
            _write_inputs(inputs, flags, (height, width))
            turns = take_turns(_workers(inputs, flags), flags.rounds)
            rounds = {name: results[1:] for name, results in turns.items()}
            pictures = {name: np.load(_picture_path(inputs, *name)) for name in rounds}
        for name in rounds:
            row = [f"{width} x {height}", " ".join(name), *_cells(name, rounds, pictures)]
            print(line(row), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "torch_python")
    parser.add_argument(
        "--model", default="starry_night", help="a trained network: a name or a .keras file"
    )
    parser.add_argument("--sizes", type=_sizes, default=[(640, 360), (1024, 1024)])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


def _sizes(text: str) -> list[tuple[int, ...]]:
    """[(width, height), ...] of "640x360,1024x1024"."""
    return [tuple(int(side) for side in size.split("x")) for size in text.split(",")]


def _write_inputs(path: Path, flags: argparse.Namespace, size: tuple[int, int]) -> None:
    """The picture, what steers the network, and its weights in the order of its layers."""
    from restyle.networks import load_network

    network = load_network(flags.model)
    picture = resize(read_image(flags.content).pixels, size)
    weights = {f"weight {index:03}": w for index, w in enumerate(network.get_weights())}
    given = network.config.inputs(picture[np.newaxis])
    if flags.torch_python and len(given) > 1:
        raise SystemExit("error: PyTorch's network has one style and no dial. Drop --torch_python.")
    np.savez(path, allow_pickle=False, **given, **weights)


def _workers(inputs: Path, flags: argparse.Namespace) -> dict[tuple[str, str], Worker]:
    workers = {}
    for name in CONFIGURATIONS:
        arguments = ["--worker", flags.model, *name, str(inputs)]
        workers[name] = Worker("benchmarks.engines", arguments)
    for name in TORCH if flags.torch_python else ():
        arguments = [str(inputs), name[1], str(_picture_path(inputs, *name))]
        worker = Worker("benchmarks.pytorch_network", arguments, python=flags.torch_python)
        workers[name] = worker
    return workers


def _picture_path(inputs: Path, kind: str, precision: str) -> Path:
    return inputs.with_name(f"{kind} {precision}.npy")


def _engine_pass(model: str, kind: str, precision: str, inputs: str) -> Callable[[], float]:
    """A function that runs the network once; the picture has been written beside the inputs."""
    from restyle.engines.engines import engine_named
    from restyle.networks import network_path

    engine = engine_named(kind, network_path(model), precision=precision)
    with np.load(inputs) as arrays:
        given = {name: arrays[name] for name in arrays if not name.startswith("weight ")}
    np.save(_picture_path(Path(inputs), kind, precision), engine(given))
    return lambda: float(engine(given)[0, 0, 0, 0])


def _cells(name: tuple[str, str], rounds, pictures) -> list[str]:
    """Seconds, and beside the reference, unless it has ended: times as fast, and errors."""
    best = f"{min(turn.seconds for turn in rounds[name]):.3f}"
    if REFERENCE not in rounds:
        return [best, "", "", ""]
    ratios = [
        reference.seconds / own.seconds
        for reference, own in zip(rounds[REFERENCE], rounds[name], strict=True)
    ]
    errors = 255 * np.abs(pictures[name] - pictures[REFERENCE])
    return [best, f"{statistics.median(ratios):.2f}", f"{errors.mean():.3f}", f"{errors.max():.2f}"]


if __name__ == "__main__":
    main()
