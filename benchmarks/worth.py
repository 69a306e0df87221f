"""How many evaluations a value of the objective is worth: arithmetic, table and plot."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.report import line

IN_TABLE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class Measured(NamedTuple):
    """One photo at one size.

    Attributes:
      network: the objective of what the network makes of it.
      curves: the optimizer's after each number of evaluations, by start.
      evaluation_seconds, pass_seconds: medians, each timed in turn with the other.
    """

    photo: str
    network: float
    curves: Mapping[str, Sequence[float]]
    evaluation_seconds: float
    pass_seconds: float


def counted_at(most: int) -> list[int]:
    """Numbers of evaluations, about ten for each factor of ten, those of the table among them."""
    dense = {round(10 ** (index / 10)) for index in range(math.ceil(10 * math.log10(most)))}
    return sorted(dense | {count for count in IN_TABLE if count <= most} | {most})


def evaluations_worth(
    evaluations: Sequence[float], objectives: Sequence[float] | np.ndarray, value: float
) -> float:
    """How many evaluations the optimizer needs to come down to `value`.

    Between two points the curve is straight on logarithmic axes. 0 if it starts no higher than
    `value`, infinite if it does not come so low.

    evaluations: rising, from 1. objectives: above 0, after each of them.
    """
    lowest = np.minimum.accumulate(objectives)
    if value >= lowest[0]:
        return 0.0
    if value < lowest[-1]:
        return math.inf
    after = int(np.argmax(lowest <= value))
    ends = slice(after - 1, after + 1)
    falling = -np.log(lowest[ends])  # np.interp wants what rises.
    return math.exp(np.interp(-math.log(value), falling, np.log(evaluations[ends])))


def mean_curves(measured: Sequence[Measured]) -> dict[str, np.ndarray]:
    """The mean over photos of the objective after each number of evaluations, by start."""
    starts = measured[0].curves
    return {start: np.mean([each.curves[start] for each in measured], axis=0) for start in starts}


def worth_text(size: int, evaluations: Sequence[int], measured: Sequence[Measured]) -> str:
    """What the network is worth at a size, in a sentence for each start."""
    network = float(np.mean([each.network for each in measured]))
    evaluation = float(np.median([each.evaluation_seconds for each in measured]))
    one_pass = float(np.median([each.pass_seconds for each in measured]))
    lines = [
        f"At {size} pixels: objective {network:.4f}, an evaluation {evaluation:.3f} s, "
        f"a pass {one_pass:.3f} s."
    ]
    for start, curve in mean_curves(measured).items():
        worth = evaluations_worth(evaluations, curve, network)
        each = [evaluations_worth(evaluations, m.curves[start], m.network) for m in measured]
        times = min(worth, evaluations[-1]) * evaluation / one_pass
        more = "more than " if math.isinf(worth) else ""
        lines.append(
            f"This network is worth {_count(worth, evaluations)} evaluations from {start} "
            f"({_count(min(each), evaluations)} to {_count(max(each), evaluations)} by photo)"
            + (f", {more}{times:.0f} times faster." if worth >= 1 else ".")
        )
    return "\n".join(lines)


def _count(worth: float, evaluations: Sequence[int]) -> str:
    if math.isinf(worth):
        return f"more than {evaluations[-1]}"
    return f"{worth:.0f}" if worth >= 1 else "less than 1"


def table(evaluations: Sequence[int], measured: Sequence[Measured]) -> str:
    """The mean objectives in Markdown, those of the optimizer and below them the network's."""
    curves = mean_curves(measured)
    rows = [
        ["evaluations", *(f"from {start}" for start in curves)],
        ["---"] * (1 + len(curves)),
    ]
    for index, count in enumerate(evaluations):
        if count in IN_TABLE or index == len(evaluations) - 1:
            rows.append([str(count), *(f"{curve[index]:.4f}" for curve in curves.values())])
    network = np.mean([each.network for each in measured])
    rows.append(["the network, one pass", *[f"{network:.4f}"] * len(curves)])
    return "\n".join(line(row) for row in rows)


def plot(
    path: str, name: str, evaluations: Sequence[int], by_size: Mapping[int, Sequence[Measured]]
) -> None:
    """Draws the mean objective against evaluations, a panel for each size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = len(by_size)
    figure, panels = pyplot.subplots(
        1, columns, figsize=(1 + 4.5 * columns, 4), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, (size, measured) in zip(panels[0], by_size.items(), strict=True):
        for start, curve in mean_curves(measured).items():
            axes.loglog(evaluations, curve, label=f"optimizer from {start}")
        network = np.mean([each.network for each in measured])
        axes.axhline(network, color="black", linestyle="--", label=f"{name}, one pass")
        plural = "s" * (len(measured) > 1)
        axes.set(xlabel="evaluations", title=f"{size} pixels, {len(measured)} photo{plural}")
    panels[0][0].set(ylabel="objective, mean over the photos")
    panels[0][0].legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
