"""How many crops trainings need to lower the objective of photos that they do not learn from.

  python train_fast.py --run_dir runs/base ... --preview_every 20
  python train_fast.py --run_dir runs/nothing --start_from none ... --preview_every 20
  python -m benchmarks.training_curves runs/base runs/nothing --plot docs/training.png

Each folder is a run of train_fast.py with the same painting, photos, crops and batches, named as
the table is to name it. Prints Markdown.
"""

import csv
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.report import head, line, parser_of


class Curve(NamedTuple):
    """The objective of the photos held out, mean over them, each time it was measured."""

    name: str
    crops: np.ndarray
    objective: np.ndarray


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--plot", help="a .png of the objective against crops")
    flags = parser.parse_args()
    curves = [read_curve(run) for run in flags.runs]
    print(table(curves))
    if flags.plot:
        plot(flags.plot, curves)


def read_curve(run: Path) -> Curve:
    """What a run's metrics.csv says; it repeats each measurement until the next."""
    batch_size = json.loads((run / "config.json").read_text())["settings"]["batch_size"]
    with open(run / "metrics.csv", newline="") as file:
        rows = [(int(row["step"]), float(row["held out loss"])) for row in csv.DictReader(file)]
    measured = [row for before, row in itertools.pairwise([(0, 0.0), *rows]) if row[1] != before[1]]
    steps, objective = np.array(measured).T
    return Curve(run.name, steps * batch_size, objective)


def table(curves: list[Curve]) -> str:
    """The objective by the number of crops learned from, a column for each run."""
    lines = [head(["crops", *(curve.name for curve in curves)])]
    for count in sorted({count for curve in curves for count in curve.crops}):
        found = [curve.objective[curve.crops == count] for curve in curves]
        cells = [f"{value[0]:.4f}" if len(value) else "" for value in found]
        lines.append(line([f"{count:.0f}", *cells]))
    return "\n".join(lines)


def plot(path: str, curves: list[Curve]) -> None:
    """Draws the objective against crops."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for curve in curves:
        axes.plot(curve.crops, curve.objective, marker="o", label=curve.name)
    axes.set(xlabel="crops learned from", ylabel="objective of photos held out, mean")
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
