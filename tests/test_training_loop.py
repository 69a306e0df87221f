"""The loop over a trainer of one number, and the trainer's own step."""

import dataclasses
import itertools
import math
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from records import PowerCut
from restyle.models.transform_config import TransformConfig

from restyle.errors import UserError
from restyle.record.run_folder import RunFolder
from restyle.training import loop
from restyle.training.devices import Strategy
from restyle.training.held_out import plain_batch
from restyle.training.loop import Diverged, train
from restyle.training.settings import TrainConfig, learning_rate_at
from restyle.training.tensorflow_devices import TensorFlowStrategy
from restyle.training.tensorflow_trainer import TensorFlowTrainer

CONFIG = TrainConfig(steps=9, save_every=3, warmup=0, retries=2, image_size=(64, 96))


class OneNumber:
    """A trainer whose weight hangs on every batch and rate that it was given, and their order."""

    strategy = Strategy()

    def __init__(self, losses=()):
        """losses: what steps return that do not return 1, by how many were made."""
        self.weight, self.calls, self.losses = 1.0, 0, dict(losses)
        self.rates, self.whole = [], []

    def step(self, batch, rate, whole):
        self.calls += 1
        self.rates.append(rate)
        self.whole.append(whole)
        self.weight = math.sin(31 * self.weight + batch + 1000 * rate)
        return {"loss": self.losses.get(self.calls, 1.0), "style": 2.0}

    def snapshot(self):
        return {"weight": np.array(self.weight)}

    def restore(self, snapshot):
        self.weight = snapshot["weight"].item()


class Counted:
    """The batch of a step is its number, and a little of the side of its crops."""

    photos = SimpleNamespace(training=range(20))

    def __init__(self):
        self.streams = []

    def beginning_at(self, step, side):
        self.streams.append((step, side))
        yield from itertools.count(step + side / 1000)


class AfterCalls(NamedTuple):
    """The wish to end a run, made when its trainer has begun so many steps."""

    trainer: OneNumber
    count: int

    def __bool__(self):
        return self.trainer.calls >= self.count


def run(trainer, config=CONFIG, **options):
    return list(train(trainer, Counted(), config, **options))


@pytest.fixture(scope="module")
def whole():
    trainer = OneNumber()
    run(trainer)
    return trainer


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (TrainConfig(steps=7), 7),
        (TrainConfig(epochs=1, batch_size=4), 5),
        (TrainConfig(epochs=1.5, batch_size=8), 4),
        (TrainConfig(epochs=0.01, batch_size=10), 1),
    ],
)
def test_steps_and_epochs_say_how_many(config, count):
    steps = run(OneNumber(), config)

    assert [step.step for step in steps] == list(range(1, count + 1))
    assert [step.progress for step in steps] == [(i + 1) / count for i in range(count)]


def test_the_rate_of_each_step_is_the_schedules(whole):
    assert whole.rates == [learning_rate_at(i, i / 9, CONFIG) for i in range(9)]


def test_crops_grow_and_the_deepest_style_layer_joins_along_the_run():
    trainer, batches = OneNumber(), Counted()
    list(train(trainer, batches, TrainConfig(steps=9, image_size=(64, 96, 128), deep_from=0.5)))

    assert batches.streams == [(0, 64), (3, 96), (6, 128)]
    assert trainer.whole == [False] * 5 + [True] * 4


@pytest.fixture
def slow(monkeypatch):
    """A trainer that takes 7 seconds for a step."""
    trainer = OneNumber()
    clock = SimpleNamespace(perf_counter=lambda: 1000.0 + 7 * trainer.calls)
    monkeypatch.setattr(loop, "time", clock)
    return trainer


def test_crops_grow_and_the_deepest_layer_joins_by_the_clock_too(slow):
    batches = Counted()
    list(train(slow, batches, TrainConfig(minutes=1, image_size=(64, 96), deep_from=0.4)))

    assert batches.streams == [(0, 64), (5, 96)]  # After 35 of 60 seconds.
    assert slow.whole == [False] * 4 + [True] * 5


@pytest.mark.parametrize(
    ("config", "ahead"),
    [
        (TrainConfig(steps=9, save_every=99), [0, 2, 2, 1, 0, 2, 2, 1, 0]),
        (TrainConfig(steps=9, save_every=4), [0, 2, 1, 0, 0, 2, 1, 0, 0]),
    ],
)
def test_steps_begin_ahead_unless_the_network_is_looked_at(config, ahead):
    trainer = OneNumber()
    steps = train(trainer, Counted(), config, preview_every=5)

    assert [trainer.calls - step.step for step in steps] == ahead


def test_the_numbers_of_a_step_are_read_after_those_ahead_have_begun():
    begun_before_reading = []

    class Value(float):
        def __new__(cls, trainer):
            value = super().__new__(cls, 1.0)
            value.trainer, value.step = trainer, trainer.calls
            return value

        def __float__(self):
            begun_before_reading.append(self.trainer.calls - self.step)
            return 1.0

    trainer = OneNumber()
    step = trainer.step
    trainer.step = lambda *given: {"loss": (step(*given), Value(trainer))[1]}
    run(trainer, TrainConfig(steps=5, save_every=99))

    assert begun_before_reading == [0, 2, 2, 1, 0]


def test_snapshots_come_at_the_interval_and_at_the_end():
    steps = run(OneNumber(), dataclasses.replace(CONFIG, steps=8))

    assert [step.step for step in steps if step.snapshot] == [3, 6, 8]


@pytest.mark.parametrize("interrupted_at", range(1, 10))
def test_an_interrupted_run_goes_on_from_that_step(whole, interrupted_at):
    trainer = OneNumber()
    steps = run(trainer, interrupted=AfterCalls(trainer, interrupted_at))
    assert steps[-1].step == interrupted_at == trainer.calls

    again = OneNumber()
    steps += run(again, resume=steps[-1].snapshot)
    assert [step.step for step in steps] == list(range(1, 10))
    assert again.weight == whole.weight


@pytest.mark.parametrize("moment", range(33))  # All that there are.
def test_wherever_a_run_is_cut_off_it_ends_the_same(whole, tmp_path, monkeypatch, moment):
    moments = itertools.count()

    def dying(function):
        def call(*args, **kwargs):
            if next(moments) == moment:
                raise PowerCut
            return function(*args, **kwargs)

        return call

    def go(folder, trainer):
        snapshot = folder.state()
        folder.forget_after(int(snapshot["step"]) if snapshot else 0)
        for step in train(trainer, Counted(), CONFIG, resume=snapshot):
            folder.log({"step": step.step, "loss": step.value})
            if step.snapshot:
                folder.keep_state(step.snapshot)

    folder = RunFolder(str(tmp_path))
    folder.begin({})
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        for owner, name in (("os", "replace"), ("numpy", "savez")):
            patch.setattr(f"{owner}.{name}", dying(getattr(__import__(owner), name)))
        for owner, name in ((RunFolder, "log"), (OneNumber, "step"), (OneNumber, "snapshot")):
            patch.setattr(owner, name, dying(getattr(owner, name)))
        go(folder, OneNumber())

    trainer = OneNumber()
    go(folder, trainer)
    state = folder.state()
    assert state is not None and state["weight"] == whole.weight
    lines = folder.metrics_path.read_text().splitlines()
    assert lines == ["step,loss", *(f"{i},1.0" for i in range(1, 10))]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_sends_the_run_back_at_half_the_rate(bad):
    trainer = OneNumber({5: bad})
    steps = run(trainer)

    assert [step.step for step in steps] == [1, 2, 3, 4, 3, 4, 5, 6, 7, 8, 9]
    assert [step.event for step in steps if step.event] == [
        "the loss was not finite at step 5: back to step 3, with the learning rate at 0.5 of what "
        "was asked"
    ]
    halved = [0.5 * learning_rate_at(i, i / 9, CONFIG) for i in range(3, 9)]
    assert trainer.rates[6:] == halved  # Step 6 had begun.
    assert int(steps[-1].snapshot["setbacks"]) == 1


def test_a_run_that_was_sent_back_goes_on_from_the_weights_of_then():
    trainer = OneNumber({5: math.nan})
    steps = run(trainer)
    third, expected = steps[2].snapshot, OneNumber()
    run(expected, resume=third | {"rate_share": np.array(0.5)})

    assert trainer.weight == expected.weight


def test_weights_that_are_not_finite_are_never_kept():
    trainer = OneNumber()
    snapshot = trainer.snapshot
    trainer.snapshot = lambda: {"weight": np.array(math.nan)} if trainer.calls == 6 else snapshot()
    steps = run(trainer)

    assert [step.step for step in steps if step.event] == [3]
    assert all(np.isfinite(step.snapshot["weight"]) for step in steps if step.snapshot)


def test_an_interruption_keeps_no_weights_that_are_not_finite():
    trainer = OneNumber({5: math.nan})
    last = run(trainer, interrupted=AfterCalls(trainer, 5))[-1]

    assert (last.step, last.snapshot) == (3, None) and last.event


def test_a_run_gives_up_after_its_retries_and_says_what_to_do():
    steps = train(OneNumber(dict.fromkeys(range(1, 99), math.nan)), Counted(), CONFIG)
    events = [next(steps).event for _ in range(2)]

    assert ["at 0.5 of" in events[0], "at 0.25 of" in events[1]] == [True, True]
    with pytest.raises(Diverged, match="after 2 setbacks.*0.25 of.*lower --learning_rate"):
        next(steps)


def test_minutes_end_the_run_and_fit_the_rate(slow):
    config = TrainConfig(minutes=1, warmup=0)
    steps = run(slow, config)

    assert [step.seconds for step in steps] == [7.0 * i for i in range(1, 10)]  # 63 > 60.
    assert slow.rates == [learning_rate_at(i, 7 * i / 60, config) for i in range(9)]


def test_a_resumed_run_has_the_minutes_that_were_left(slow):
    config = TrainConfig(minutes=1, warmup=0, save_every=4)
    snapshot = run(slow, config)[3].snapshot
    slow.calls = 0

    assert [step.step for step in run(slow, config, resume=snapshot)] == [5, 6, 7, 8, 9]


@pytest.fixture(scope="module")
def trainer_of():
    """A small trainer of a precision, whose loss is the mean pixel."""

    def loss(network, batch, whole):
        images = network({"images": batch.images}, training=True)
        value = tf.reduce_mean(images, axis=(1, 2, 3))
        return value, {"mean": value}

    def trainer_of(precision, clip, tune="all"):
        config = TrainConfig(precision=precision, gradient_clip=clip, batch_size=2, tune=tune)
        strategy = TensorFlowStrategy("one")
        return TensorFlowTrainer(
            TransformConfig(2, 0, strength=False), config, lambda: loss, strategy
        )

    return trainer_of


@pytest.fixture(scope="module")
def batch():
    return plain_batch(np.random.default_rng(0).random((2, 16, 16, 3), np.float32))


def test_the_gradient_is_shortened_to_its_longest_length(trainer_of, batch):
    """In float16 after its scale, 2^15, was taken away again."""
    lengths = []
    for precision, clip in (("float32", 1e-3), ("float16", 1e-3), ("float16", 1e3)):
        trainer = trainer_of(precision, clip)
        trainer.step(trainer.send(batch), 1e-3)
        # After one step Adam's first moment is a tenth of the gradient, Muon's is all of it.
        moments = [v for v in trainer.optimizer.variables if v.path.endswith("_momentum")]
        shares = [1 if _goes_by_muon(moment) else 10 for moment in moments]
        norms = [s * np.linalg.norm(m) for s, m in zip(shares, moments, strict=True)]
        lengths.append(math.hypot(*norms))

    assert lengths[:2] == pytest.approx([1e-3, 1e-3], rel=1e-3)
    assert 0.01 < lengths[2] < 100


def _goes_by_muon(moment):
    return len(moment.shape) == 4 and 3 not in moment.shape[2:]


def test_the_state_of_another_optimizer_is_refused_in_a_line(trainer_of):
    trainer = trainer_of("float32", 0.5)
    state = trainer.snapshot()
    last = f"optimizer {len(trainer.optimizer.variables) - 1}"

    for other in (state | {last: np.zeros(7)}, {n: v for n, v in state.items() if n != last}):
        with pytest.raises(UserError, match=f"another {last} than.*Start a new run"):
            trainer.restore(other)


def test_tuning_the_norms_leaves_the_convolutions_as_they_were(trainer_of, batch):
    trainer = trainer_of("float32", 0.5, "norms")
    before = trainer.snapshot()

    trainer.step(trainer.send(batch), 1e-2)

    after = trainer.snapshot()
    for index, weight in enumerate(trainer.network.weights):
        norm = weight.name in ("gamma", "beta")
        changed = (after[f"network {index}"] != before[f"network {index}"]).any()
        assert changed == norm, weight.path


def test_a_snapshot_undoes_all_that_a_step_changes(trainer_of, batch):
    trainer = trainer_of("float16", 0.5)
    batch = trainer.send(batch)

    def losses_of_two_steps():
        return [float(trainer.step(batch, 1e-2)["loss"]) for _ in range(2)]

    trainer.step(batch, 1e-2)
    before = trainer.snapshot()
    losses = losses_of_two_steps()
    after = trainer.snapshot()
    trainer.restore(before)

    assert losses_of_two_steps() == losses
    for name, value in trainer.snapshot().items():
        np.testing.assert_array_equal(value, after[name], err_msg=name)
