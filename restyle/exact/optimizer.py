"""The exact path: an image is changed until the network sees what it is asked to see."""

import contextlib
import dataclasses
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.adam import Adam
from restyle.exact.evaluation import evaluation_at
from restyle.exact.lbfgs import LBFGS
from restyle.exact.network import network_for
from restyle.exact.pairs import KINDS, PairFiles, PairsInFiles, PairsInMemory
from restyle.exact.plan import MemoryPlan, Room, plans_for, room_for
from restyle.exact.problem import Problem, finished, recolored
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import STARTS, OptimizeConfig
from restyle.exact.whole_image import Evaluation
from restyle.machine.precision import decided_precision
from restyle.measure import as_batch
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.weights.load import VGGWeights


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
            _files(self.room.folder, self.scale_index).save(pairs, numbers)
            return arrays
        for number in numbers:
            for kind, array in zip(KINDS, pairs.arrays(number), strict=True):
                arrays[f"{kind} {number}"] = array
        return arrays


def optimize(
    problem: Problem,
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    weights: VGGWeights,
    *,
    resume: Mapping[str, np.ndarray] | None = None,
    room: Room | None = None,
) -> Iterator[Step]:
    """Returns an iterator over the iterations of a run, scale after scale: it makes the picture.

      for step in optimize(problem, PictureObjective(), OptimizeConfig(), load_vgg_weights()):
          print(step.value)
      write_image("out.png", step.finished())

    Gatys et al. (2016), section 2.3, at one size; we go coarse to fine, each scale starting from
    the enlarged result of the one before. A scale ends early where no direction leads down.

    Args:
      resume: a `Step.snapshot` of the same run; the first step is then the one that followed it.
      room: what the run may take, `room_for(config, resume=resume)` unless given.

    Raises:
      UserError: a picture is too small for the objective's layers, or too large for the memory.
    """
    config = dataclasses.replace(config, precision=decided_precision(config.precision))
    scales = scales_of(problem, objective, config)
    room = room or room_for(config, resume=resume)
    plans = plans_for([scale.size for scale in scales], config.precision, config, room)
    run = _Run(problem, objective, config, scales, plans, room)
    network = network_for(weights, objective.layers, objective.pooling, config.precision)
    return _steps(run, network, resume)


@dataclasses.dataclass(frozen=True)
class _Run:
    """What is decided before the first step."""

    problem: Problem
    objective: ObjectiveConfig
    config: OptimizeConfig
    scales: Sequence[Scale]
    plans: Sequence[MemoryPlan]
    room: Room


def _steps(
    run: _Run, network: keras.Model, resume: Mapping[str, np.ndarray] | None
) -> Iterator[Step]:
    began, colored = time.monotonic(), recolored(run.problem, run.config)
    if resume and _ended(resume, run.scales):
        return
    first = int(resume["scale_index"]) if resume else 0
    if resume:
        image = resume["state image"][0]
    else:
        image = starting_image(colored, run.config, run.scales[0].size)
    with _folder(run.room) as folder:
        for index in range(first, len(run.scales)):
            scale, plan = run.scales[index], run.plans[index]
            evaluation = evaluation_at(
                colored,
                run.objective,
                network,
                size=scale.size,
                style_long_side=scale.style_long_side,
                tile=plan.way.tile,
            )
            names = list(evaluation.objective.weights)
            files = _files(folder, index)
            optimizer = optimizer_for(
                evaluation, as_batch(image, scale.size), run.config, plan, files
            )
            done = _restore(optimizer, resume, files) if resume and index == first else 0
            for iteration in range(done + 1, scale.iterations + 1):
                if optimizer.stalled:
                    break
                with files.failing_plainly():
                    optimizer.step()
                yield Step(
                    iteration=iteration,
                    scale_index=index,
                    schedule=run.scales,
                    evaluations=int(optimizer.evaluations),
                    value=float(optimizer.value),
                    terms=dict(zip(names, optimizer.terms.numpy().tolist(), strict=True)),
                    seconds=time.monotonic() - began,
                    optimizer=optimizer,
                    problem=run.problem,
                    config=run.config,
                    room=run.room,
                )
            image = optimizer.image.numpy()[0]
            if index + 1 < len(run.scales):
                optimizer.forget()  # A caller may hold on to the last step.


def _ended(resume: Mapping[str, np.ndarray], scales: Sequence[Scale]) -> bool:
    """Whether a snapshot is of the last step of a run."""
    done = resume["iteration"] >= scales[-1].iterations or resume["state stalled"]
    return bool(resume["scale_index"] == len(scales) - 1 and done)


@contextlib.contextmanager
def _folder(room: Room) -> Iterator[Path]:
    """Yields the folder of the pairs; when the run has ended they are of no more use."""
    if room.folder:
        yield room.folder
        shutil.rmtree(room.folder, ignore_errors=True)
    else:
        with tempfile.TemporaryDirectory(prefix="restyle_") as folder:
            yield Path(folder)


def _files(folder: Path, scale_index: int) -> PairFiles:
    return PairFiles(folder / f"scale_{scale_index + 1}")


def optimizer_for(
    evaluation: Evaluation,
    image: tf.Tensor,
    config: OptimizeConfig,
    plan: MemoryPlan,
    files: PairFiles,
) -> LBFGS | Adam:
    if config.optimizer == "adam":
        return Adam(evaluation, image, learning_rate=config.learning_rate)
    length = int(tf.size(image))
    if plan.keeping == "disk":
        return LBFGS(evaluation, image, pairs=PairsInFiles(plan.history, length, files))
    dtype = "bfloat16" if plan.keeping == "half" else "float32"
    return LBFGS(evaluation, image, pairs=PairsInMemory(plan.history, length, dtype))


def starting_image(problem: Problem, config: OptimizeConfig, size: tuple[int, int]) -> np.ndarray:
    """The image a run begins with, (h, w, 3) of any size; noise is white, as in the paper."""
    if config.init not in STARTS:
        if problem.start is None:
            raise ValueError(
                f"Got init {config.init!r}, expected one of {STARTS}: the problem has no start of "
                "its own. Give it one."
            )
        return problem.start
    if config.init == "noise":
        return np.random.default_rng(config.seed).random((*size, 3), dtype=np.float32)
    return problem.styles[0] if config.init == "style" else problem.content


def _restore(optimizer: LBFGS | Adam, snapshot: Mapping[str, np.ndarray], files: PairFiles) -> int:
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
