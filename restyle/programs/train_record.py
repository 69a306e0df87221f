"""What a training says of its steps and leaves behind: needs no TensorFlow to be read."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import TensorBoardLog

if TYPE_CHECKING:
    from restyle.training.loop import TrainStep
    from restyle.training.session import Session


class TrainRecord:
    """Writes what the steps of a session leave.

    preview_every: steps between previews and measurements of the photos held out; 0: at the end.
    tensorboard: a folder, or None.
    """

    def __init__(
        self, folder: RunFolder, session: "Session", preview_every: int, tensorboard: str | None
    ):
        self.folder, self.session, self.preview_every = folder, session, preview_every
        self.board = TensorBoardLog(tensorboard) if tensorboard else None
        self.validation: Mapping[str, float] = {}

    def add(self, step: "TrainStep") -> str:
        """Writes what a step leaves; what to say of the photos held out, mostly ""."""
        if step.event:  # It was sent back.
            self.folder.forget_after(step.step)
            return ""
        due = step.progress >= 1.0 or (self.preview_every and step.step % self.preview_every == 0)
        if due or not self.validation:
            self.validation = self.session.validation()
        row = train_row(step, self.validation)
        self.folder.log(row)
        if self.board:
            speed = {"images per second": self.session.images_per_second(step)}
            known = {n: v for n, v in row.items() if n != "step" and not math.isnan(v)}
            self.board.scalars(step.step, known | speed)
        if due:
            self._preview(step, [name for name in row if "loss" in name] + list(step.terms))
        if step.snapshot:
            self.folder.keep_state(step.snapshot)
        if not (due and self.validation):
            return ""
        return f"step {step.step}  {mean_terms_line(self.validation)}"

    def _preview(self, step: "TrainStep", columns: list[str]) -> None:
        self.folder.plot(columns)
        if not self.session.shown:
            return
        sheet = self.session.preview()
        self.folder.preview(f"{step.step:06d}", sheet)
        if self.board:
            self.board.preview(step.step, sheet)


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
        if values:
            parts.append(f"{kind} {' '.join(values)}")
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
