"""What a training leaves behind while it goes on: its run's folder, and TensorBoard's."""

import math
from collections.abc import Mapping

from restyle.programs.train_text import mean_terms_line, train_row
from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import TensorBoardLog
from restyle.training.loop import TrainStep
from restyle.training.session import Session


class TrainRecord:
    """Writes what the steps of a session leave.

    preview_every: steps between previews and measurements of the photos held out; 0: at the end.
    tensorboard: a folder, or None.
    """

    def __init__(
        self, folder: RunFolder, session: Session, preview_every: int, tensorboard: str | None
    ):
        self.folder, self.session, self.preview_every = folder, session, preview_every
        self.board = TensorBoardLog(tensorboard) if tensorboard else None
        self.validation: Mapping[str, float] = {}

    def add(self, step: TrainStep) -> str:
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

    def _preview(self, step: TrainStep, columns: list[str]) -> None:
        self.folder.plot(columns)
        if not self.session.shown:
            return
        sheet = self.session.preview()
        self.folder.preview(f"{step.step:06d}", sheet)
        if self.board:
            self.board.preview(step.step, sheet)
