"""A step of a run, and how the run is saved there and goes on from there."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from restyle.exact.adam import Adam
from restyle.exact.lbfgs import LBFGS
from restyle.exact.pairs import KINDS, PairFiles
from restyle.exact.plan import Room
from restyle.exact.problem import Problem, finished
from restyle.exact.schedule import Scale
from restyle.exact.settings import OptimizeConfig


@dataclasses.dataclass(frozen=True)
class Step:
    """What one iteration came to.

    Attributes:
      iteration: at this scale, from 1.
      scale_index: position of the scale in the schedule.
      schedule: all scales of the run.
      evaluations: of the objective at this scale.
      value: the objective.
      terms: by name, before their weights.
      seconds: since the run, or its resumption, began.
      optimizer: it changes with the next step.
      problem, config: what the run was asked, "auto" decided.
      room: what it may take.
    """

    iteration: int
    scale_index: int
    schedule: Sequence[Scale]
    evaluations: int
    value: float
    terms: Mapping[str, float]
    seconds: float
    optimizer: LBFGS | Adam = dataclasses.field(repr=False)
    problem: Problem = dataclasses.field(repr=False)
    config: OptimizeConfig
    room: Room

    @property
    def scale(self) -> Scale:
        """The scale that the image is at."""
        return self.schedule[self.scale_index]

    @property
    def iteration_of_run(self) -> int:
        """Iterations planned for the scales before this one, and those done at this one."""
        return self.iteration + sum(scale.iterations for scale in self._before())

    @property
    def progress(self) -> float:
        """Share of the run's work that is done, an iteration counting by its pixels, in [0, 1]."""
        done = sum(scale.work for scale in self._before())
        done += self.scale.work * self.iteration / self.scale.iterations
        return done / sum(scale.work for scale in self.schedule)

    def _before(self) -> Sequence[Scale]:
        return self.schedule[: self.scale_index]

    def pixels(self) -> np.ndarray:
        """The image as it is now, (h, w, 3) float32 in [0, 1]."""
        return self.optimizer.image.numpy()[0]

    def finished(self) -> np.ndarray:
        """The picture as it is now, at the size of the result and in the colors asked for."""
        return finished(self.pixels(), self.problem, self.config)

    def snapshot(self) -> dict[str, np.ndarray]:
        """A copy of all that `optimize` needs to go on from here, by name.

        The pairs that L-BFGS remembers go into the folder of the run's room, if it has one: each is
        written once.
        """
        variables = self.optimizer.variables
        arrays = {f"state {name}": value.numpy() for name, value in variables.items()}
        names = ("iteration", "scale_index", "iteration_of_run")
        arrays |= {name: np.array(getattr(self, name)) for name in names}
        arrays["room"] = np.array([self.room.memory, self.room.disk])
        if isinstance(self.optimizer, Adam):
            return arrays
        pairs, numbers = self.optimizer.pairs, self.optimizer.remembered
        if self.room.folder:
            pair_files(self.room.folder, self.scale_index).save(pairs, numbers)
            return arrays
        for number in numbers:
            for kind, array in zip(KINDS, pairs.arrays(number), strict=True):
                arrays[f"{kind} {number}"] = array
        return arrays


def pair_files(folder: Path, scale_index: int) -> PairFiles:
    return PairFiles(folder / f"scale_{scale_index + 1}")


def restore(optimizer: LBFGS | Adam, snapshot: Mapping[str, np.ndarray], files: PairFiles) -> int:
    """Puts a snapshot back into an optimizer; returns the iterations done at its scale."""
    for name, variable in optimizer.variables.items():
        variable.assign(snapshot[f"state {name}"])
    if isinstance(optimizer, LBFGS):
        files.forget_from(int(optimizer.made))
        for number in optimizer.remembered:
            names = [f"{kind} {number}" for kind in KINDS]
            there = all(name in snapshot for name in names)
            move, turn = (snapshot[name] for name in names) if there else files.read(number)
            optimizer.pairs.restore(number, (move, turn))
    return int(snapshot["iteration"])


def ended(resume: Mapping[str, np.ndarray], scales: Sequence[Scale]) -> bool:
    """Whether a snapshot is of the last step of a run."""
    done = resume["iteration"] >= scales[-1].iterations or resume["state stalled"]
    return bool(resume["scale_index"] == len(scales) - 1 and done)
