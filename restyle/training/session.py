"""A training on its devices: from what was asked to the loop, and to a network with its recipe."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping

import keras
import numpy as np

from restyle.errors import UserError
from restyle.machine.precision import PRECISIONS, fastest_precision
from restyle.measure import vgg_weights
from restyle.models.vgg19 import vgg19_features
from restyle.networks import load_network
from restyle.record.recipe import versions
from restyle.training import held_out
from restyle.training.backend import strategy_named, trainer_class
from restyle.training.batches import Batches
from restyle.training.devices import Strategy
from restyle.training.loop import TrainStep, train
from restyle.training.loss import TrainingLoss, painting_targets
from restyle.training.task import TrainTask
from restyle.training.trainer import Snapshot


class Session:
    """A trainer, its batches and its photos held out.

    Attributes:
      task: what was asked, with its precision decided.
      chief: whether this process is the one that writes.
      devices: how many train together.
      shown: photos for the previews: the user's own, and some of those held out.
    """

    def __init__(
        self,
        task: TrainTask,
        strategy: str,
        *,
        vgg_file: str | None,
        report: Callable[[str], None],
    ):
        chosen = strategy_named(strategy)  # Before any operation, or it finds no other machine.
        rows = chosen.batch_rows(task.config.batch_size)
        self.task = task = _with_precision(task, chosen)
        self.chief, self.devices = chosen.worker == 0, chosen.devices
        self.vgg = vgg_weights(vgg_file, report)
        _check_alike(task, self.vgg.sha256, chosen)
        self.trainer = trainer_class()(task.shape, task.config, self._loss, chosen)
        if task.start:
            self.trainer.start_from(load_network(task.start))
        send = self.trainer.send
        self.batches = Batches(task.photos, task.config, task.shape, rows, send)
        self.held_out_photos = task.photos.held_out_crops()
        self.shown = [*task.tests, *self.held_out_photos][:6]
        self.began: TrainStep | None = None

    def _loss(self) -> TrainingLoss:
        objective, dtype = self.task.objective, PRECISIONS[self.task.config.precision]

        def vgg19(layers, dtype="float32"):
            return vgg19_features(self.vgg, layers, pooling=objective.pooling, dtype=dtype)

        return TrainingLoss(
            objective,
            painting_targets(vgg19(objective.style_layers), self.task.paintings, objective),
            vgg19(objective.layers, dtype),
            vgg19(objective.content_layers, dtype),
            lattice_weight=self.task.config.lattice_weight,
            temporal_weight=self.task.config.temporal_weight,
        )

    def steps(
        self, snapshot: Snapshot | None, interrupted: object, preview_every: int
    ) -> Iterator[TrainStep]:
        """The steps of the run, from where a snapshot was taken, until it is interrupted.

        preview_every: see `train`.
        """
        yield from train(
            self.trainer,
            self.batches,
            self.task.config,
            resume=snapshot,
            interrupted=interrupted,
            preview_every=preview_every,
        )

    def images_per_second(self, step: TrainStep) -> float:
        """Photos learned from in a second, since the first step that was asked about."""
        self.began = self.began or step
        seconds = step.seconds - self.began.seconds
        steps = step.step - self.began.step
        return self.task.config.batch_size * steps / seconds if seconds > 0 and steps > 0 else 0.0

    def validation(self) -> dict[str, float]:
        """Loss and terms of the photos held out, {} if there are none."""
        return held_out.measure(self.trainer.losses, self.task.shape, self.held_out_photos)

    def preview(self) -> np.ndarray:
        """A contact sheet of the photos in `shown`."""
        return held_out.preview(self.trainer.stylized, self.task.shape, self.shown)

    def recipe(self, settings: Mapping[str, object], steps: int) -> str:
        """How the network was made, JSON text that travels with it."""
        content = {
            "program": "train_fast.py",
            "settings": dict(settings),
            "styles": list(self.task.shape.styles),
            "inputs": dict(self.task.inputs),
            "weights": {"source": self.vgg.source, "sha256": self.vgg.sha256},
            "photos": {
                "sha256 of names and sizes": self.task.photos.fingerprint,
                "used": len(self.task.photos.training),
                "skipped": len(self.task.photos.skipped),
            },
            "config": dataclasses.asdict(self.task.config),
            "steps": steps,
            "held out terms": self.validation(),
            "versions": versions(keras.backend.backend()),
        }
        return json.dumps(content, indent=1)


def _with_precision(task: TrainTask, strategy: Strategy) -> TrainTask:
    """The task with "auto" decided: bfloat16 where it is faster on every machine."""
    if task.config.precision != "auto":
        return task
    faster = strategy.values_of_workers([fastest_precision() == "bfloat16"]).all()
    return task.with_precision("bfloat16" if faster else "float32")


def _check_alike(task: TrainTask, weights: str, strategy: Strategy) -> None:
    """Raises UserError in all processes if they were not asked for the same training."""
    asked = [task.objective, task.shape, task.config, sorted(task.inputs.values()), weights]
    text = f"{asked} {task.photos.fingerprint}"
    number = int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)  # A float holds it exactly.
    if len(np.unique(strategy.values_of_workers([number]))) > 1:
        raise UserError(
            "The workers were asked for different trainings, or their photos or paintings differ. "
            "Start each with the same flags and the same files."
        )
