"""Several programs at the same photo and painting: arithmetic and text."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.flat_areas import number_text
from benchmarks.report import line

Numbers = Mapping[str, float]


class Result(NamedTuple):
    """What a run took.

    Attributes:
      whole_seconds: from the start of the process to its end, as measured.
      processor_seconds: of these, on all cores together; other work on the machine hardly counts.
      loop_seconds: of these, the iterations and what they compile.
      share: of the work of a whole run, in (0, 1]; the rest was left out.
      curve: (seconds of the loop, objective) at the final size, by time; empty for another
        objective than ours.
    """

    whole_seconds: float
    processor_seconds: float
    loop_seconds: float
    share: float
    curve: Sequence[tuple[float, float]]

    @property
    def full_loop_seconds(self) -> float:
        """Seconds that all iterations would take."""
        return self.loop_seconds / self.share

    @property
    def full_seconds(self) -> float:
        """Seconds that the whole run would take: only the iterations grow."""
        return self.whole_seconds - self.loop_seconds + self.full_loop_seconds

    @property
    def full_processor_seconds(self) -> float:
        """Processor seconds that the whole run would take: as many a second all along."""
        return self.processor_seconds * self.full_seconds / self.whole_seconds


def seconds_to(curve: Sequence[tuple[float, float]], objective: float) -> float:
    """When a run is first as low as `objective`; infinite if never."""
    return next((seconds for seconds, value in curve if value <= objective), math.inf)


def reaching_text(ours: Result, theirs: Result, objective: float) -> str:
    """How soon we come as low as another optimizer of our objective ends, in a sentence.

    objective: of the picture that they saved.
    """
    end = (
        f"PyTorch's L-BFGS ends at {objective:.4f} after {theirs.loop_seconds:.0f} s of iterations"
    )
    if min(ours.share, theirs.share) < 1:
        return f"{end}, which were cut short: pass --share 1 to see how soon restyle is there."
    seconds = seconds_to(ours.curve, objective)
    if math.isinf(seconds):
        lowest = min(value for _, value in ours.curve)
        return f"{end}; restyle, {lowest:.4f} after {ours.loop_seconds:.0f} s, is never as low."
    share = seconds / theirs.loop_seconds
    return f"{end}; restyle is as low after {seconds:.0f} s, {share:.2f} of the time."


def table(results: Mapping[str, Result], measured: Mapping[str, Numbers]) -> str:
    """Times and numbers of each program's picture in Markdown; ratios are of processor seconds.

    measured: the terms by our scorer and the numbers of flat areas, by program.
    """
    first = next(iter(results.values())).full_processor_seconds
    names = list(next(iter(measured.values())))
    times = ["seconds", "iterations alone", "processor seconds"]
    head = ["program", *times, "times the first", *names]
    rows = [head, ["---"] * len(head)]
    for program, result in results.items():
        about = "" if result.share == 1 else "about "
        processor = result.full_processor_seconds
        times = [
            f"{about}{value:.0f}"
            for value in (result.full_seconds, result.full_loop_seconds, processor)
        ]
        numbers = [_text(name, measured[program][name]) for name in names]
        rows.append([program, *times, f"{processor / first:.1f}", *numbers])
    return "\n".join(line(row) for row in rows)


def _text(name: str, value: float) -> str:
    is_term = name == "objective" or name.startswith(("content", "style", "total"))
    return f"{value:.4f}" if is_term else number_text(name, value)
