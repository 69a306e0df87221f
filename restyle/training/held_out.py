"""What a network in training makes of photos that it does not learn from."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from restyle.media.contact_sheet import contact_sheet
from restyle.models.transform_config import TransformConfig
from restyle.training.loss import Batch, Tensor
from restyle.training.motion import random_motions

LONG_SIDE = 320
DIAL = (0.33, 0.67)


def plain_batch(
    photos: np.ndarray, style: int = 0, strength: float = 1.0, stroke: int = 0
) -> Batch:
    """Photos in one style, the same motion for each at every measurement. photos: (n, h, w, 3)."""
    count, size = len(photos), (photos.shape[1], photos.shape[2])
    return Batch(
        images=photos,
        style=np.full(count, style, np.int32),
        strength=np.full((count, 1), strength, np.float32),
        stroke=np.full(count, stroke, np.int32),
        motions=random_motions(np.random.default_rng(0), count, size),
        noise=np.zeros_like(photos),
    )


def measure(
    losses: Callable[[Batch], tuple[Tensor, dict[str, Tensor]]],
    shape: TransformConfig,
    photos: np.ndarray,
) -> dict[str, float]:
    """The loss and its terms before their weights at full strength: means over photos, styles and
    stroke sizes.

    losses: those of each photo of a batch. shape: of the network that paints them.
    photos: (n, h, w, 3). One at a time, so that memory does not grow with their number.
    """
    rows = []
    for style, stroke in itertools.product(range(len(shape.styles)), range(shape.strokes)):
        for photo in photos:
            values, terms = losses(plain_batch(photo[None], style, stroke=stroke))
            rows.append({"loss": float(values[0])} | {n: float(v[0]) for n, v in terms.items()})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def preview(
    stylized: Callable[[Batch], Tensor], shape: TransformConfig, photos: Sequence[np.ndarray]
) -> np.ndarray:
    """A contact sheet: each photo, and what the network makes of it in each of its styles.

    stylized: what it makes of a batch. shape: the network's.
    """
    first, middle = shape.styles[0], shape.strokes // 2
    looks = [(name, i, 1.0, middle) for i, name in enumerate(shape.styles)]
    if shape.strength:
        looks = [(f"{first} at {dial:g}", 0, dial, middle) for dial in DIAL] + looks
    looks += [
        (f"{first}, strokes of {size}", 0, 1.0, stroke)
        for stroke, size in enumerate(shape.stroke_sizes)
    ]

    def painted(photo: np.ndarray, style: int, strength: float, stroke: int) -> np.ndarray:
        batch = plain_batch(photo[None], style, strength, stroke)
        return ops.convert_to_numpy(stylized(batch))[0]

    rows = [
        [photo, *(painted(photo, style, dial, stroke) for _, style, dial, stroke in looks)]
        for photo in photos
    ]
    columns = ["photo", *(label for label, *_ in looks)]
    return contact_sheet(
        rows, row_labels=[""] * len(rows), column_labels=columns, long_side=LONG_SIDE
    )
