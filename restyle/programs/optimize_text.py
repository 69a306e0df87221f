"""A step of a run as a person or a table reads it: needs no TensorFlow."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restyle.exact.step import Step


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
