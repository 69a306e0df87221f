"""A step of a run as a person or a table reads it: needs no TensorFlow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from restyle.exact.plan import MemoryPlan, Room

if TYPE_CHECKING:
    from restyle.exact.optimizer import Step


def metrics_row(step: "Step") -> dict[str, float]:
    """A step as a line of metrics.csv, by column."""
    height, width = step.scale.size
    return {
        "iteration": step.iteration_of_run,
        "height": height,
        "width": width,
        "evaluations": step.evaluations,
        "seconds": step.seconds,
        "objective": step.value,
        **step.terms,
    }


def step_line(step: "Step") -> str:
    """A step in one line: scale, iteration, objective, and the terms before their weights."""
    height, width = step.scale.size
    parts = [
        f"scale {step.scale_index + 1}/{len(step.schedule)} {width}x{height}",
        f"iteration {step.iteration}/{step.scale.iterations}",
        f"objective {step.value:.4f}",
    ]
    for kind in ("content", "style"):
        terms = [f"{value:.3f}" for name, value in step.terms.items() if name.startswith(kind)]
        parts.append(f"{kind} {' '.join(terms)}")
    return "  ".join(parts)


def plan_lines(
    plans: Sequence[MemoryPlan], iterations: Sequence[int], room: Room, speed: float
) -> list[str]:
    """What a run is going to take: memory at its last scale, and time.

    iterations: left to do by each plan. speed: operations per second, see
    restyle/machine/precision.py.
    """
    last, (height, width) = plans[-1], plans[-1].size
    total = sum(plan.seconds(speed) * n for plan, n in zip(plans, iterations, strict=True))
    return [
        f"memory: about {last.peak / 1e9:.1f} of {room.memory / 1e9:.1f} GB, for {width}x{height} "
        f"{last}",
        f"time: about {duration(total)}, {duration(last.seconds(speed))} an iteration at the end",
    ]


def duration(seconds: float) -> str:
    """A duration in round numbers: 0.4 s, 50 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
