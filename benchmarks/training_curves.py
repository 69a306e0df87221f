"""How many crops and minutes trainings need to lower the objective of photos not learned from.

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

MEASURED = ("step", "seconds", "held out loss")


class Curve(NamedTuple):
    """The objective of the photos held out, mean over them, each time it was measured."""

    name: str
    crops: np.ndarray
    minutes: np.ndarray
    objective: np.ndarray


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--plot", help="a .png of the objective against crops and minutes")
    flags = parser.parse_args()
    curves = [read_curve(run) for run in flags.runs]
    print(ends(curves))
    print()
    print(table(curves))
    if flags.plot:
        plot(flags.plot, curves)


def read_curve(run: Path) -> Curve:
    """What a run's metrics.csv says; it repeats each measurement until the next."""
    batch_size = json.loads((run / "config.json").read_text())["settings"]["batch_size"]
    with open(run / "metrics.csv", newline="") as file:
        rows = [[float(row[name]) for name in MEASURED] for row in csv.DictReader(file)]
    pairs = itertools.pairwise([[0.0] * len(MEASURED), *rows])
    steps, seconds, objective = np.array([row for before, row in pairs if row[2] != before[2]]).T
    return Curve(run.name, steps.astype(int) * batch_size, seconds / 60, objective)


def ends(curves: list[Curve]) -> str:
    """Crops, minutes and objective at the end of each run."""
    lines = [head(["run", "crops", "minutes", "objective"])]
    for curve in curves:
        crops, minutes, objective = curve.crops[-1], curve.minutes[-1], curve.objective[-1]
        lines.append(line([curve.name, f"{crops}", f"{minutes:.1f}", f"{objective:.4f}"]))
    return "\n".join(lines)


def table(curves: list[Curve]) -> str:
    """The objective by the number of crops learned from, a column for each run."""
    lines = [head(["crops", *(curve.name for curve in curves)])]
    for count in sorted({count for curve in curves for count in curve.crops}):
        found = [curve.objective[curve.crops == count] for curve in curves]
        cells = [f"{value[0]:.4f}" if len(value) else "" for value in found]
        lines.append(line([f"{count:.0f}", *cells]))
    return "\n".join(lines)


def plot(path: str, curves: list[Curve]) -> None:
    """Draws the objective against crops, and beside it against minutes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for curve in curves:
        for axes, work in zip(panels, (curve.crops, curve.minutes), strict=True):
            axes.plot(work, curve.objective, marker="o", label=curve.name)
    panels[0].set(xlabel="crops learned from", ylabel="objective of photos held out, mean")
    panels[1].set(xlabel="minutes")
    panels[1].legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
