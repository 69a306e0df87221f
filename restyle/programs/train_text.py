"""A training step as a person or a table reads it: needs no TensorFlow."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restyle.training.loop import TrainStep


def train_row(step: "TrainStep", validation: Mapping[str, float]) -> dict[str, float]:
    """A step as a line of metrics.csv, by column.

    validation: terms of the photos held out, as they were measured last.
    """
    return {
        "step": step.step,
        "seconds": round(step.seconds, 2),
        "learning rate": step.learning_rate,
        "loss": step.value,
        **step.terms,
        **{f"held out {name}": value for name, value in validation.items()},
    }


def train_line(step: "TrainStep", images_per_second: float) -> str:
    """A step in one line: loss, and the terms before their weights."""
    parts = [f"step {step.step}", f"loss {step.value:.4f}"]
    for kind in ("content", "style", "temporal"):
        values = [_short(value) for name, value in step.terms.items() if name.startswith(kind)]
        parts += [f"{kind} {' '.join(values)}"] if values else []
    return "  ".join([*parts, f"{images_per_second:.1f} images/s"])


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def mean_terms_line(terms: Mapping[str, float]) -> str:
    """The terms of the photos held out: the loss, then the style's layers by their mean."""
    style = [value for name, value in terms.items() if name.startswith("style")]
    content = [value for name, value in terms.items() if name.startswith("content")]
    return (
        f"held out: loss {terms['loss']:.4f}  content {sum(content) / len(content):.3f}  "
        f"style {sum(style) / len(style):.3f}"
    )
