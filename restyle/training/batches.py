"""The batch of every step, a function of seed, step and side, decoded ahead of its use."""

import contextlib
import itertools
import os
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from restyle.media.read_ahead import read_ahead
from restyle.models.transform_config import TransformConfig
from restyle.training.loss import Batch
from restyle.training.motion import random_motions
from restyle.training.photos import Photos, crop_plans, epoch_order
from restyle.training.settings import TrainConfig

AHEAD = 8
THREADS = min(AHEAD, max(2, os.cpu_count() or 2))
NOISE = 0.02


class Batches:
    """Batches of random crops; a run that is resumed at a step sees what it would have seen.

    rows: which photos of the joint batch this process reads.
    send: what is done to each batch once it is read, in the thread that read it.
    """

    def __init__(
        self,
        photos: Photos,
        config: TrainConfig,
        shape: TransformConfig,
        rows: range,
        send: Callable[[Batch], Any] = lambda batch: batch,
    ):
        self.photos, self.config, self.shape, self.rows = photos, config, shape, rows
        self.send = send

    def beginning_at(self, step: int, side: int) -> Generator[Any, None, None]:
        """The batches of this step and all later ones, read and sent by other threads.

        side: of the crops, in pixels.
        """

        def read(step: int) -> Any:
            return self.send(self.at(step, side))

        sent = read_ahead(read, itertools.count(step), workers=THREADS, ahead=AHEAD)
        with contextlib.closing(sent):  # Left to be collected, it may be in one of its own threads.
            for _, batch in sent:
                if isinstance(batch, Exception):
                    raise batch
                yield batch

    def at(self, step: int, side: int) -> Batch:
        """The batch of a step, crops of this side."""
        config, rows = self.config, slice(self.rows.start, self.rows.stop)
        plans = crop_plans(config.seed, step, config.batch_size)
        crops = []
        for row in self.rows:
            place = step * config.batch_size + row
            count = len(self.photos.training)
            order = epoch_order(config.seed, place // count, count)
            crops.append(self.photos.crop_of(place % count, side, plans[row], order))
        chance = self._chance(np.random.default_rng([config.seed, 3, step]), side)
        return Batch(np.stack(crops), *(values[rows] for values in chance))

    def _chance(self, generator: np.random.Generator, side: int) -> tuple[np.ndarray, ...]:
        """Style, strength, stroke, motion and noise of all photos of the joint batch."""
        count = self.config.batch_size
        style = generator.integers(len(self.shape.styles), size=count, dtype=np.int32)
        strength = np.ones((count, 1), np.float32)
        if self.shape.strength:  # Most at full strength, which is asked for most.
            dial = np.minimum(1.0, 1.5 * generator.random((count, 1), np.float32))
            strength = np.where(generator.random((count, 1)) < 0.5, strength, dial)
        stroke = np.zeros(count, np.int32)
        if self.shape.strokes > 1:
            stroke = generator.integers(self.shape.strokes, size=count, dtype=np.int32)
        motions = random_motions(generator, count, (side, side))
        noise = np.zeros((count, side, side, 3), np.float32)
        if self.config.temporal_weight:
            noise = NOISE * generator.standard_normal(noise.shape, np.float32)
        return style, strength, stroke, motions, noise
