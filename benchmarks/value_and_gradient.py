"""Seconds and memory of one value and gradient of the objective, beside PyTorch and the machine.

  python -m benchmarks.value_and_gradient --sizes 256,512,1024 --torch_python VENV/bin/python

Each configuration is a process of its own; they take turns, and the least of each one's seconds
counts, the moment when nobody else disturbed it. What the machine can do is a product of two
4096 x 4096 matrices in the same number format. Prints a table in Markdown.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg_layers import LAYER_NAMES
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.report import head, line, listed, parser_of
from benchmarks.worker import Round, Worker, serve, take_turns
from restyle.exact.problem import read_problem
from restyle.media.images import resize

PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
PRODUCT_SIDE = 4096
HEADINGS = (
    "pixels",
    "precision",
    "seconds",
    "GFLOP",
    "GFLOP/s",
    "of matrix product",
    "PyTorch seconds",
    "PyTorch / ours",
    "peak GB",
)


def main() -> None:
    flags = _flags()
    if flags.worker:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        serve(_work(*flags.worker))
        return
    weights = load_vgg_weights()
    print(head(HEADINGS))
    for side in flags.sizes:
        with tempfile.TemporaryDirectory() as folder:
            inputs = Path(folder) / "inputs.npz"
            np.savez(inputs, allow_pickle=False, **_inputs(flags, side, weights))
            turns = take_turns(_workers(inputs, flags.torch_python), flags.rounds)
            rounds = {name: results[1:] for name, results in turns.items()}
        for precision in PRECISIONS:
            print(line(_row(side, precision, weights, rounds)), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style", "torch_python")
    parser.add_argument("--sizes", type=listed(int))
    parser.set_defaults(sizes=[256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=7, help="turns of each configuration")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def _inputs(flags: argparse.Namespace, side: int, weights: VGGWeights) -> dict[str, np.ndarray]:
    """The pictures, square, and the filters of the layers that are needed."""
    problem = read_problem(flags.content, [flags.style])
    content, style = (resize(p, (side, side))[None] for p in (problem.content, problem.styles[0]))
    layers = needed_layers()
    inputs = {"content": content, "style": style, "start": 0.5 * content + 0.25}
    for name in layers:
        inputs[f"{name} kernel"], inputs[f"{name} bias"] = weights.filters[name]
    return inputs | {"layers": np.array(layers)}


def needed_layers() -> tuple[str, ...]:
    """The layers of VGG-19 up to the last one that the objective needs."""
    deepest = max(
        LAYER_NAMES.index(layer)
        for layer in ObjectiveConfig(style_loss="gram", pooling="average").layers
    )
    return LAYER_NAMES[: deepest + 1]


def _workers(inputs: Path, torch_python: str | None) -> dict[str, Worker]:
    workers = {}
    for precision in PRECISIONS:
        for kind in ("product", "ours"):
            arguments = ["--worker", kind, str(inputs), precision]
            workers[f"{kind} {precision}"] = Worker("benchmarks.value_and_gradient", arguments)
        if torch_python:
            workers[f"PyTorch {precision}"] = Worker(
                "benchmarks.pytorch_objective", [str(inputs), precision], python=torch_python
            )
    return workers


def _work(kind: str, inputs: str, precision: str):
    return _product(precision) if kind == "product" else _ours(inputs, PRECISIONS[precision])


def _product(precision: str):
    import tensorflow as tf

    side = PRODUCT_SIDE
    matrix = tf.cast(tf.random.stateless_normal((side, side), (0, 0)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    return lambda: float(product()[0, 0])


def _ours(inputs: str, dtype: str):
    import tensorflow as tf
    from restyle.models.vgg19 import vgg19_features

    from restyle.exact.evaluation import evaluation_at
    from restyle.exact.problem import Problem

    with np.load(inputs) as arrays:
        pictures = {name: arrays[name] for name in ("content", "style", "start")}
    problem = Problem(pictures["content"][0], [pictures["style"][0]])
    config, side = ObjectiveConfig(style_loss="gram", pooling="average"), pictures["start"].shape[1]
    network = vgg19_features(load_vgg_weights(), config.layers, dtype=dtype, pooling=config.pooling)
    whole = evaluation_at(problem, config, network, size=(side, side), style_long_side=side)
    evaluate, image = tf.function(whole), tf.constant(pictures["start"])
    return lambda: float(evaluate(image).value)


def gigaflops(side: int, weights: VGGWeights) -> float:
    """10^9 multiplications and additions that the convolutions and Gram matrices need.

    The gradient with respect to the picture costs as much as the value: one product for a product.
    """
    flops, config = 0, ObjectiveConfig(style_loss="gram", pooling="average")
    for name in needed_layers():
        *_, channels_in, channels = weights.filters[name][0].shape
        positions = (side // 2 ** (int(name[4]) - 1)) ** 2
        flops += 2 * positions * 9 * channels_in * channels
        flops += 2 * positions * channels**2 if name in config.style_layers else 0
    return 2 * flops / 1e9


def _row(side: int, precision: str, weights: VGGWeights, rounds) -> list[str]:
    """The cells of a row; those that need a worker that has ended are empty."""
    ours, theirs, product = (
        rounds.get(f"{who} {precision}", []) for who in ("ours", "PyTorch", "product")
    )
    needed, cells = gigaflops(side, weights), dict.fromkeys(HEADINGS, "")
    cells |= {"pixels": str(side), "precision": precision, "GFLOP": f"{needed:.0f}"}
    if ours:
        rate = needed / _least(ours)
        cells |= {"seconds": f"{_least(ours):.2f}", "GFLOP/s": f"{rate:.0f}"}
        cells["peak GB"] = f"{max(turn.peak_bytes for turn in ours) / 1e9:.2f}"
        if product:
            machine = 2 * PRODUCT_SIDE**3 / 1e9 / _least(product)
            cells["of matrix product"] = f"{rate / machine:.0%}"
    if theirs:
        cells["PyTorch seconds"] = f"{_least(theirs):.2f}"
    if ours and theirs:
        ratios = [t.seconds / o.seconds for t, o in zip(theirs, ours, strict=True)]
        cells["PyTorch / ours"] = f"{statistics.median(ratios):.2f}"
        _check_same_value(rounds, precision)
    return list(cells.values())


def _least(turns: list[Round]) -> float:
    return min(turn.seconds for turn in turns)


def _check_same_value(rounds, precision: str) -> None:
    values = [rounds[f"{who} {precision}"][0].value for who in ("ours", "PyTorch")]
    if not np.isclose(*values, rtol=1e-3 if precision == "float32" else 3e-2):
        sys.exit(f"error: ours and PyTorch computed different objectives: {values}.")


if __name__ == "__main__":
    main()
