"""The exact path: an image is changed until the network sees what it is asked to see."""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.adam import Adam
from restyle.exact.evaluation import evaluation_at
from restyle.exact.lbfgs import LBFGS
from restyle.exact.memory import check_memory
from restyle.exact.network import network_for
from restyle.exact.problem import Problem, finished, recolored
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import STARTS, OptimizeConfig
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
      state: the optimizer's variables by name; they change with the next step.
      problem, config: what the run was asked, "auto" decided.
    """

    iteration: int
    scale_index: int
    schedule: Sequence[Scale]
    evaluations: int
    value: float
    terms: Mapping[str, float]
    seconds: float
    state: Mapping[str, tf.Variable] = dataclasses.field(repr=False)
    problem: Problem = dataclasses.field(repr=False)
    config: OptimizeConfig

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
        return self.state["image"].numpy()[0]

    def finished(self) -> np.ndarray:
        """The picture as it is now, at the size of the result and in the colors asked for."""
        return finished(self.pixels(), self.problem, self.config)

    def snapshot(self) -> dict[str, np.ndarray]:
        """A copy of all that `optimize` needs to go on from here, by name."""
        arrays = {f"state {name}": value.numpy() for name, value in self.state.items()}
        names = ("iteration", "scale_index", "iteration_of_run")
        position = {name: getattr(self, name) for name in names}
        return arrays | {name: np.array(value) for name, value in position.items()}


def optimize(
    problem: Problem,
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    weights: VGGWeights,
    *,
    resume: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Step]:
    """Returns an iterator over the iterations of a run, scale after scale: it makes the picture.

      for step in optimize(problem, PictureObjective(), OptimizeConfig(), load_vgg_weights()):
          print(step.value)
      write_image("out.png", step.finished())

    Gatys et al. (2016), section 2.3, at one size; we go coarse to fine, each scale starting from
    the enlarged result of the one before. A scale ends early where no direction leads down.

    Args:
      resume: a `Step.snapshot` of the same run; the first step is then the one that followed it.

    Raises:
      UserError: a picture is too small for the objective's layers, or too large for the memory.
    """
    config = dataclasses.replace(config, precision=decided_precision(config.precision))
    scales = scales_of(problem, objective, config)
    check_memory(scales[-1].size, config.precision, config)
    network = network_for(weights, objective.layers, objective.pooling, config.precision)
    return _steps(problem, objective, config, network, scales, resume)


def _steps(
    problem: Problem,
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    network: keras.Model,
    scales: Sequence[Scale],
    resume: Mapping[str, np.ndarray] | None,
) -> Iterator[Step]:
    began, colored = time.monotonic(), recolored(problem, config)
    first = int(resume["scale_index"]) if resume else 0
    image = resume["state image"][0] if resume else starting_image(colored, config, scales[0].size)
    for index, scale in enumerate(scales[first:], first):
        evaluation = evaluation_at(
            colored,
            objective,
            network,
            size=scale.size,
            style_long_side=scale.style_long_side,
        )
        names = list(evaluation.objective.weights)
        optimizer = _optimizer(evaluation, as_batch(image, scale.size), config)
        done = _restore(optimizer.variables, resume) if resume and index == first else 0
        for iteration in range(done + 1, scale.iterations + 1):
            if optimizer.stalled:
                break
            optimizer.step()
            yield Step(
                iteration=iteration,
                scale_index=index,
                schedule=scales,
                evaluations=int(optimizer.evaluations),
                value=float(optimizer.value),
                terms=dict(zip(names, optimizer.terms.numpy().tolist(), strict=True)),
                seconds=time.monotonic() - began,
                state=optimizer.variables,
                problem=problem,
                config=config,
            )
        image = optimizer.image.numpy()[0]


def _optimizer(evaluation, image: tf.Tensor, config: OptimizeConfig) -> LBFGS | Adam:
    if config.optimizer == "adam":
        return Adam(evaluation, image, learning_rate=config.learning_rate)
    return LBFGS(evaluation, image, history=config.history)


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


def _restore(variables: Mapping[str, tf.Variable], snapshot: Mapping[str, np.ndarray]) -> int:
    """Puts a snapshot back into the variables; returns the iterations done at its scale."""
    for name, variable in variables.items():
        variable.assign(snapshot[f"state {name}"])
    return int(snapshot["iteration"])
