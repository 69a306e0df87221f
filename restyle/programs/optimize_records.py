"""What a run leaves behind while it goes on, beside its picture: needs no TensorFlow."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from restyle.media.images import write_image
from restyle.media.video.time_lapse import TICK, TimeLapse
from restyle.programs.optimize_text import metrics_row
from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import TensorBoardLog

if TYPE_CHECKING:
    from restyle.exact.step import Step

# A time lapse lasts four to eight seconds, the last picture not counted.
FEWEST_TICKS, MOST_PICTURES = 100, 200


class Record(Protocol):
    """Sees every step of a run, and again the last one, when no more will come."""

    def add(self, step: "Step") -> None: ...

    def end(self, step: "Step") -> None: ...


class FolderRecord:
    """A run's folder: every step's numbers and the state; every so many steps a preview."""

    def __init__(self, folder: RunFolder, save_every: int):
        """save_every: iterations from preview to preview; 0: none."""
        self.folder, self.save_every = folder, save_every

    def add(self, step: "Step") -> None:
        self.folder.log(metrics_row(step))
        if is_due(step, self.save_every):
            self.folder.preview(f"{step.iteration_of_run:05d}", step.pixels())
        self.folder.keep_state(step.snapshot())

    def end(self, step: "Step") -> None:
        self.folder.plot(["objective", *step.terms])


class PreviewsBeside:
    """Previews beside the picture to come, under its name and the number of the iteration."""

    def __init__(self, output: Path, save_every: int):
        self.output, self.save_every = output, save_every

    def add(self, step: "Step") -> None:
        if is_due(step, self.save_every):
            name = f"{self.output.stem}_{step.iteration_of_run:05d}{self.output.suffix}"
            write_image(self.output.with_name(name), step.pixels())

    def end(self, step: "Step") -> None:
        pass


class BoardRecord:
    """TensorBoard's log: every step's numbers, and every so many steps the picture."""

    def __init__(self, folder: str, save_every: int):
        self.board, self.save_every = TensorBoardLog(folder), save_every

    def add(self, step: "Step") -> None:
        row = metrics_row(step)
        iteration = int(row.pop("iteration"))
        self.board.scalars(iteration, row)
        if iteration == 1 or is_due(step, self.save_every):
            self.board.preview(iteration, step.finished())

    def end(self, step: "Step") -> None:
        self.board.preview(step.iteration_of_run, step.finished())


class TimeLapseRecord:
    """A video of the run, of as many of its steps as make some seconds.

    Attributes:
      clip: to be entered before the first step, and left after the last.
    """

    def __init__(self, path: str, size: tuple[int, int], iterations: int):
        """size: (height, width) of the result. iterations: of all the run."""
        self.every = math.ceil(iterations / MOST_PICTURES)
        ticks = math.ceil(FEWEST_TICKS * self.every / iterations)
        self.clip = TimeLapse(path, size, ticks * TICK)

    def add(self, step: "Step") -> None:
        if step.iteration_of_run == 1 or is_due(step, self.every):
            self.clip.add(step.finished())

    def end(self, step: "Step") -> None:
        if not is_due(step, self.every):
            self.clip.add(step.finished())


def is_due(step: "Step", every: int) -> bool:
    """Whether a step is one of those that come every so many iterations; 0: none is."""
    return every > 0 and step.iteration_of_run % every == 0
