"""How soon trainings lower the objective of photos that they do not learn from.

  python train_fast.py --run_dir runs/base ... --preview_every 20
  python train_fast.py --run_dir runs/nothing --start_from none ... --preview_every 20
  python -m benchmarks.training_curves runs/base runs/nothing --plot docs/training.png

Each folder is a run of train_fast.py with the same painting, photos, crops and batches, named as
the table is to name it. Seconds compare only where the runs went on side by side. Prints Markdown.
"""

import argparse
import csv
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Curve(NamedTuple):
    """The objective of the photos held out, mean over them, each time it was measured."""

    name: str
    crops: np.ndarray
    seconds: np.ndarray
    objective: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--plot", help="a .png of the objective against crops and seconds")
    flags = parser.parse_args()
    curves = [read_curve(run) for run in flags.runs]
    print(table(curves))
    if flags.plot:
        plot(flags.plot, curves)


def read_curve(run: Path) -> Curve:
    """What a run's metrics.csv says; it repeats each measurement until the next."""
    settings = json.loads((run / "config.json").read_text())["settings"]
    with open(run / "metrics.csv", newline="") as file:
        rows = [
            (float(r["step"]), float(r["seconds"]), float(r["held out loss"]))
            for r in csv.DictReader(file)
        ]
    changed = [row for before, row in itertools.pairwise([(0, 0, 0), *rows]) if row[2] != before[2]]
    steps, seconds, objective = np.array(changed).T
    return Curve(run.name, steps * settings["batch_size"], seconds, objective)


def table(curves: list[Curve]) -> str:
    """The objective by the number of crops learned from, a column for each run."""
    measured = sorted({count for curve in curves for count in curve.crops})
    rows = [["crops", *(curve.name for curve in curves)], ["---"] * (1 + len(curves))]
    for count in measured:
        found = [curve.objective[curve.crops == count] for curve in curves]
        rows.append([f"{count:.0f}", *(f"{value[0]:.4f}" if len(value) else "" for value in found)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def plot(path: str, curves: list[Curve]) -> None:
    """Draws the objective against crops, and against seconds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for curve in curves:
        panels[0].semilogy(curve.crops, curve.objective, marker="o", label=curve.name)
        panels[1].semilogy(curve.seconds, curve.objective, marker="o", label=curve.name)
    panels[0].set(xlabel="crops learned from", ylabel="objective of photos held out, mean")
    panels[1].set(xlabel="seconds")
    panels[0].legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
