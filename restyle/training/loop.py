"""The training loop: a generator of steps that neither prints nor writes."""

import dataclasses
import math
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np

from restyle.training.batches import Batches
from restyle.training.settings import TrainConfig, learning_rate_at
from restyle.training.trainer import Snapshot, Trainer

# Steps that may begin before the numbers of one are read, so that the device never waits for us.
AHEAD = 2


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
      learning_rate: of this step.
      seconds: of training until now, over all resumed runs.
      snapshot: what a run needs to go on from here; at checkpoints and at the last step only.
      value: the loss, mean over the batch, before this step changed the network.
      terms: its parts before their weights; not a number for one that is left out as yet.
      event: what the user should be told; mostly "".
    """

    step: int
    progress: float
    learning_rate: float
    seconds: float
    snapshot: Snapshot | None = None
    value: float = math.nan
    terms: Mapping[str, float] = dataclasses.field(default_factory=dict)
    event: str = ""


def train(
    trainer: Trainer,
    batches: Batches,
    config: TrainConfig,
    *,
    resume: Snapshot | None = None,
    interrupted: object = False,
    preview_every: int = 0,
) -> Iterator[TrainStep]:
    """Trains the trainer's network, one record for each step.

    A loss that is not finite sends the run back to its last snapshot, to go on at half the rate;
    more than `retries` times raises Diverged. With `minutes` the learning rate follows the clock,
    so that no two runs are equal bit for bit; else they are, resumed or not.

    resume: a snapshot of an earlier run with the same configuration.
    interrupted: once it is true, in any of the processes that train together, the step that is
      being done is the last one.
    preview_every: when the caller has the record of one of so many steps, no later step has begun:
      the network is then as that step left it. So also at the first step, the last, and those with
      a snapshot. 0: at these only.
    """
    done = _counters(resume) if resume else Progress()
    if resume:
        trainer.restore(resume)
    steps = config.steps_for(len(batches.photos.training))
    began, first = time.perf_counter() - done.seconds, done.step + 1
    good = _snapshot(trainer, done)
    stream, stopping, begun = _Stream(batches), False, deque()
    while not stopping and (progress := _share_done(done, steps, config)) < 1.0:
        rate = done.rate_share * learning_rate_at(done.step, progress, config)
        batch = stream.batch(done.step, config.side_at(progress))
        values = trainer.step(batch, rate, config.whole_at(progress))
        if config.minutes:  # The clock is to count what is done, not what has begun.
            values = _numbers(values)
        here = [time.perf_counter() - began, float(bool(interrupted))]
        done.seconds, stopping = trainer.strategy.largest_of_workers(here)
        done.step += 1
        share = _share_done(done, steps, config)
        due = done.step % config.save_every == 0 or stopping or share >= 1.0
        snapshot = _snapshot(trainer, done) if due else None
        begun.append((values, TrainStep(done.step, share, rate, done.seconds, snapshot)))
        looked_at = due or done.step == first or (preview_every and done.step % preview_every == 0)
        while begun and (looked_at or config.minutes or len(begun) > AHEAD):
            step = _with_numbers(*begun.popleft())
            if not _is_finite(step):
                done, event = _setback(step.step, done, good, config)
                trainer.restore(good)
                begun.clear()
                share = _share_done(done, steps, config)
                step = dataclasses.replace(
                    step, step=done.step, progress=share, snapshot=None, event=event
                )
            good = step.snapshot or good
            yield step


class _Stream:
    """The batches of a run, read ahead for as long as the crops stay as large."""

    def __init__(self, batches: Batches):
        self.batches = batches
        self.expected: tuple[int, int] | None = None
        self.stream: Generator[Any, None, None] | None = None

    def batch(self, step: int, side: int) -> Any:
        """The batch of a step, crops of this side."""
        if self.stream is None or self.expected != (step, side):
            if self.stream:
                self.stream.close()
            self.stream = self.batches.beginning_at(step, side)
        self.expected = step + 1, side
        return next(self.stream)


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """What a step returned, once it is computed."""
    return {name: float(value) for name, value in values.items()}


def _with_numbers(values: Mapping[str, Any], step: TrainStep) -> TrainStep:
    terms = _numbers(values)
    return dataclasses.replace(step, value=terms.pop("loss"), terms=terms)


def _share_done(done: Progress, steps: int, config: TrainConfig) -> float:
    whole = done.seconds / (60 * config.minutes) if config.minutes else done.step / steps
    return min(1.0, whole)


def _is_finite(step: TrainStep) -> bool:
    """Whether the loss is, and what would be kept: the last step may have broken the weights."""
    kept = (step.snapshot or {}).values()
    return math.isfinite(step.value) and all(np.isfinite(values).all() for values in kept)


def _setback(
    step: int, done: Progress, good: Snapshot, config: TrainConfig
) -> tuple[Progress, str]:
    """Where to go on after a step whose loss was not finite, and what to say of it."""
    back = _counters(good)
    setbacks = done.setbacks + 1
    if setbacks > config.retries:
        raise Diverged(
            f"The loss was not finite at step {step}, after {done.setbacks} setbacks, with "
            f"the learning rate at {done.rate_share:g} of what was asked. Start again with a lower "
            "--learning_rate or --gradient_clip, or with --precision=float32."
        )
    share = done.rate_share / 2
    event = (
        f"the loss was not finite at step {step}: back to step {back.step}, with the "
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
