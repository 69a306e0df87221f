"""The training loop: a generator of steps that neither prints nor writes."""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping

import numpy as np

from restyle.fast.batches import Batches
from restyle.fast.strategies import largest_of_workers
from restyle.fast.train_config import TrainConfig, learning_rate_at
from restyle.fast.trainer import Snapshot, Trainer


class Diverged(Exception):
    """The loss was not finite, time after time; the text says what to do."""


@dataclasses.dataclass
class Progress:
    """How far a run is; part of its snapshots.

    Attributes:
      step: how many are done.
      seconds: how long they took, over all resumed runs.
      rate_share: what setbacks have left of the learning rate.
      setbacks: how often the run was sent back.
    """

    step: int = 0
    seconds: float = 0.0
    rate_share: float = 1.0
    setbacks: int = 0


@dataclasses.dataclass(frozen=True)
class TrainStep:
    """What is known after a step.

    Attributes:
      step: how many are done, counted from 1 over all resumed runs.
      progress: share of the run that is done, in [0, 1].
      value: the loss, mean over the batch, before this step changed the network.
      terms: its parts before their weights.
      learning_rate: of this step.
      seconds: of training until now, over all resumed runs.
      snapshot: what a run needs to go on from here; at checkpoints and at the last step only.
      event: what the user should be told; mostly "".
    """

    step: int
    progress: float
    value: float
    terms: Mapping[str, float]
    learning_rate: float
    seconds: float
    snapshot: Snapshot | None = None
    event: str = ""


def train(
    trainer: Trainer,
    batches: Batches,
    config: TrainConfig,
    *,
    resume: Snapshot | None = None,
    interrupted: object = False,
) -> Iterator[TrainStep]:
    """Trains the trainer's network, one record for each step.

    A loss that is not finite sends the run back to its last snapshot, to go on at half the rate;
    more than `retries` times raises Diverged. With `minutes` the learning rate follows the clock,
    so that no two runs are equal bit for bit; else they are, resumed or not.

    resume: a snapshot of an earlier run with the same configuration.
    interrupted: once it is true, in any of the processes that train together, the step that is
      being done is the last one.
    """
    done = _counters(resume) if resume else Progress()
    if resume:
        trainer.restore(resume)
    steps = config.steps_for(len(batches.photographs.training))
    began = time.perf_counter() - done.seconds
    good = _snapshot(trainer, done)
    stream, stopping = batches.beginning_at(done.step), False
    while not stopping and (progress := _share_done(done, steps, config)) < 1.0:
        rate = done.rate_share * learning_rate_at(done.step, progress, config)
        value, terms = trainer.step(next(stream), rate)
        here = [time.perf_counter() - began, float(bool(interrupted))]
        done.seconds, stopping = largest_of_workers(trainer.strategy, here)
        done.step, event = done.step + 1, ""
        ended = stopping or _share_done(done, steps, config) >= 1.0
        due = done.step % config.checkpoint_interval == 0 or ended
        snapshot = _snapshot(trainer, done) if due else None
        if not _is_finite(value, snapshot):
            done, event = _setback(done, good, config)
            trainer.restore(good)
            stream.close()
            stream, snapshot = batches.beginning_at(done.step), None
        good = snapshot or good
        share = _share_done(done, steps, config)
        yield TrainStep(done.step, share, value, terms, rate, done.seconds, snapshot, event)


def _share_done(done: Progress, steps: int, config: TrainConfig) -> float:
    whole = done.seconds / (60 * config.minutes) if config.minutes else done.step / steps
    return min(1.0, whole)


def _is_finite(value: float, snapshot: Snapshot | None) -> bool:
    """Whether the loss is, and what would be kept: the last step may have broken the weights."""
    return math.isfinite(value) and all(
        np.isfinite(values).all() for values in (snapshot or {}).values()
    )


def _setback(done: Progress, good: Snapshot, config: TrainConfig) -> tuple[Progress, str]:
    """Where to go on after a loss that was not finite, and what to say of it."""
    back = _counters(good)
    setbacks = done.setbacks + 1
    if setbacks > config.retries:
        raise Diverged(
            f"The loss was not finite at step {done.step}, after {done.setbacks} setbacks, with "
            f"the learning rate at {done.rate_share:g} of what was asked. Begin anew with a lower "
            "--learning_rate or --gradient_clip, or with --precision=float32."
        )
    share = done.rate_share / 2
    event = (
        f"the loss was not finite at step {done.step}: back to step {back.step}, with the "
        f"learning rate at {share:g} of what was asked"
    )
    return dataclasses.replace(
        back, seconds=done.seconds, rate_share=share, setbacks=setbacks
    ), event


def _snapshot(trainer: Trainer, done: Progress) -> dict[str, np.ndarray]:
    counters = {name: np.asarray(value) for name, value in dataclasses.asdict(done).items()}
    return trainer.snapshot() | counters


def _counters(snapshot: Snapshot) -> Progress:
    fields = dataclasses.fields(Progress)
    return Progress(**{field.name: snapshot[field.name].item() for field in fields})
