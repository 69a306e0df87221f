"""The exact path: an image is changed until the network sees what it is asked to see."""

import contextlib
import dataclasses
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.adam import Adam
from restyle.exact.evaluation import evaluation_at, network_for
from restyle.exact.lbfgs import LBFGS
from restyle.exact.pairs import PairFiles, PairsInFiles, PairsInMemory
from restyle.exact.plan import MemoryPlan, Room, plans_for, room_for
from restyle.exact.problem import Problem, despeckled, despeckled_at, recolored
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import STARTS, OptimizeConfig
from restyle.exact.step import Step, ended, pair_files, restore
from restyle.machine.precision import decided_precision
from restyle.measure import Evaluation, as_batch
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.weights.load import VGGWeights


def optimize(
    problem: Problem,
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    weights: VGGWeights,
    *,
    resume: Mapping[str, np.ndarray] | None = None,
    room: Room | None = None,
) -> Iterator[Step]:
    """An iterator over the iterations of a run, scale after scale: it makes the picture.

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
    if resume and ended(resume, run.scales):
        return
    first = int(resume["scale_index"]) if resume else 0
    if resume:
        image = resume["state image"][0]
    else:
        image = starting_image(colored, run.config, run.scales[0].size)
    whole = despeckled(colored, run.config)
    with _folder(run.room) as folder:
        for index in range(first, len(run.scales)):
            scale, plan, files = run.scales[index], run.plans[index], pair_files(folder, index)
            at = {"size": scale.size, "style_long_side": scale.style_long_side}
            seen = despeckled_at(whole, run.config, scale.style_long_side)
            evaluation = evaluation_at(seen, run.objective, network, **at, tile=plan.way.tile)
            optimizer = optimizer_for(
                evaluation, as_batch(image, scale.size), run.config, plan, files
            )
            done = restore(optimizer, resume, files) if resume and index == first else 0
            for iteration in range(done + 1, scale.iterations + 1):
                if optimizer.stalled:
                    break
                with files.failing_plainly():
                    optimizer.step()
                names = evaluation.objective.weights
                yield _step(run, index, iteration, optimizer, names, time.monotonic() - began)
            image = optimizer.image.numpy()[0]
            if index + 1 < len(run.scales):
                optimizer.forget()  # A caller may hold on to the last step.


def _step(
    run: _Run,
    index: int,
    iteration: int,
    optimizer: LBFGS | Adam,
    names: Iterable[str],
    seconds: float,
) -> Step:
    """What a caller sees after an iteration of the scale of this index."""
    return Step(
        iteration=iteration,
        scale_index=index,
        schedule=run.scales,
        evaluations=int(optimizer.evaluations),
        value=float(optimizer.value),
        terms=dict(zip(names, optimizer.terms.numpy().tolist(), strict=True)),
        seconds=seconds,
        optimizer=optimizer,
        problem=run.problem,
        config=run.config,
        room=run.room,
    )


@contextlib.contextmanager
def _folder(room: Room) -> Iterator[Path]:
    """Yields the folder of the pairs; when the run has ended they are of no more use."""
    if room.folder:
        yield room.folder
        shutil.rmtree(room.folder, ignore_errors=True)
    else:
        with tempfile.TemporaryDirectory(prefix="restyle_") as folder:
            yield Path(folder)


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
