"""Memory and seconds of large exact pictures, seen as a whole and in tiles.

  python -m benchmarks.posters --megapixels 1,4
  python -m benchmarks.posters --megapixels 16 --ways tiles --keepings disk
  python -m benchmarks.posters --megapixels 64 --ways tiles --keepings disk --begin_only

Each row is a process of its own. It begins L-BFGS at the photo and makes a step, two evaluations or
more, with room for all its pairs. Seconds are those of one evaluation of the step, by the clock and
of all processors together: on a busy machine only the latter mean something. Peak memory is that of
the process; beside it stands what restyle/exact/plan.py expects. Prints Markdown.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import head, line, listed, parser_of, size_of
from restyle.exact.plan import KEEPINGS, TILES, WHOLE, MemoryPlan
from restyle.exact.settings import OptimizeConfig, PictureObjective

HEADINGS = (
    *("megapixels", "picture", "precision", "way", "pairs", "seconds", "processor seconds"),
    *("peak GB", "expected GB", "objective"),
)
WAYS = {"whole": WHOLE, "tiles": TILES}


def main() -> None:
    flags = _flags()
    if flags.worker:
        print(json.dumps(_measured(flags, *flags.worker)))
        return
    print(head(HEADINGS))
    asked = flags.megapixels, flags.precisions, flags.ways, flags.keepings
    for combination in itertools.product(*asked):
        print(line(_row(flags, *combination)), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--megapixels", type=listed(float), default=[1, 4])
    parser.add_argument("--precisions", type=listed(str), default=["bfloat16"])
    parser.add_argument("--ways", type=listed(str), default=list(WAYS))
    parser.add_argument(
        "--keepings", type=listed(str), default=["memory"], help=", ".join(KEEPINGS)
    )
    parser.add_argument("--history", type=int, default=OptimizeConfig.history)
    parser.add_argument(
        "--begin_only", action="store_true", help="time the first evaluation, and make no step"
    )
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


def _plan(
    flags: argparse.Namespace, megapixels: float, precision: str, way: str, keeping: str
) -> MemoryPlan:
    return MemoryPlan(size_of(megapixels), precision, WAYS[way], keeping, flags.history)


def _row(
    flags: argparse.Namespace, megapixels: float, precision: str, way: str, keeping: str
) -> list[str]:
    """The cells of a row; those that were to be measured are empty if the process ended."""
    asked = [str(megapixels), precision, way, keeping]
    command = [sys.executable, "-m", "benchmarks.posters", *sys.argv[1:], "--worker", *asked]
    done = subprocess.run(command, capture_output=True, text=True)
    plan = _plan(flags, megapixels, precision, way, keeping)
    cells = [f"{megapixels:g}", f"{plan.size[1]} x {plan.size[0]}", precision, way, keeping]
    expected = f"{plan.peak / 1e9:.2f}"
    if done.returncode:
        said = done.stderr.splitlines()[-1:]
        print(f"note: {' '.join(cells)} ended with {done.returncode}.", *said, file=sys.stderr)
        return [*cells, "", "", "", expected, ""]
    seconds, processor, peak, value = json.loads(done.stdout.splitlines()[-1])
    measured = f"{seconds:.1f}", f"{processor:.1f}", f"{peak / 1e9:.2f}"
    return [*cells, *measured, expected, f"{value:.5f}"]


def _measured(
    flags: argparse.Namespace, megapixels: str, precision: str, way: str, keeping: str
) -> tuple[float, float, int, float]:
    """Seconds and processor seconds of an evaluation, bytes at the peak, the last objective."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    from restyle.models.weights.load import load_vgg_weights

    from restyle.exact.evaluation import evaluation_at, network_for
    from restyle.exact.optimizer import optimizer_for
    from restyle.exact.pairs import PairFiles
    from restyle.exact.problem import read_problem
    from restyle.measure import as_batch

    plan, objective = _plan(flags, float(megapixels), precision, way, keeping), PictureObjective()
    problem = read_problem(flags.content, [flags.style])
    network = network_for(load_vgg_weights(), objective.layers, objective.pooling, precision)
    at = {"size": plan.size, "style_long_side": max(plan.size), "tile": plan.way.tile}
    evaluation = evaluation_at(problem, objective, network, **at)
    with tempfile.TemporaryDirectory() as folder:
        start, config = as_batch(problem.content, plan.size), OptimizeConfig(history=flags.history)
        files = PairFiles(Path(folder) / "pairs")
        before = 0, time.perf_counter(), time.process_time()
        optimizer = optimizer_for(evaluation, start, config, plan, files)
        if not flags.begin_only:
            before = int(optimizer.evaluations), time.perf_counter(), time.process_time()
            optimizer.step()
        after = int(optimizer.evaluations), time.perf_counter(), time.process_time()
    evaluations, seconds, processor = (b - a for a, b in zip(before, after, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return seconds / evaluations, processor / evaluations, peak, float(optimizer.value)


if __name__ == "__main__":
    main()
