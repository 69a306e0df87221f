"""What a run says of its steps and leaves behind, beside its picture: needs no TensorFlow."""

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from restyle.media.images import write_image
from restyle.media.video.time_lapse import TICK, TimeLapse
from restyle.programs.optimize_settings import SAVE_EVERY, Results
from restyle.programs.optimize_task import Task
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


def records_of(
    task: Task,
    results: Results,
    folder: RunFolder | None,
    until_the_end: contextlib.ExitStack,
) -> list[Record]:
    """What is to be left by the steps of a run."""
    save_every = SAVE_EVERY if results.save_every is None else results.save_every
    records: list[Record] = []
    if folder:
        records.append(FolderRecord(folder, save_every))
    elif results.save_every is not None:
        records.append(PreviewsBeside(Path(results.output), save_every))
    if results.tensorboard:
        records.append(BoardRecord(results.tensorboard, save_every))
    if results.time_lapse:
        size = task.scales[-1].size
        time_lapse = TimeLapseRecord(results.time_lapse, size, task.config.iterations)
        until_the_end.enter_context(time_lapse.clip)
        records.append(time_lapse)
    return records
