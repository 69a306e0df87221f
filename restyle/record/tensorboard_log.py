"""A run or a training as TensorBoard shows it while it goes on: curves and pictures."""

import io
import itertools
import os
import platform
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from restyle.errors import UserError, check_installed
from restyle.media.images import quantize

COUNTER = itertools.count()


def check_tensorboard(folder: str | None) -> None:
    """Raises UserError if a log is wanted and TensorBoard is not installed."""
    if folder:
        check_installed("--tensorboard", "tensorboard")


class TensorBoardLog:
    """An event file in a folder; a resumed run adds another, which TensorBoard joins to it.

    Written with what TensorBoard itself brings along: a training on JAX has no TensorFlow.
    """

    def __init__(self, folder: str):
        moment = f"{int(time.time()):010d}.{platform.node()}.{os.getpid()}.{next(COUNTER)}"
        try:
            os.makedirs(folder, exist_ok=True)
            self.path = os.path.join(folder, f"events.out.tfevents.{moment}")
            self._write(file_version="brain.Event:2")
        except OSError as error:
            raise UserError(
                f"'{folder}' cannot be written: {error.strerror}. Choose another --tensorboard."
            ) from error

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to the curve of each name."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        points = [scalar_pb(name, value).value[0] for name, value in values.items()]
        self._write(step=step, summary={"value": points})

    def preview(self, step: int, pixels: np.ndarray) -> None:
        """Adds a picture, (h, w, 3) in [0, 1]."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.image.metadata import create_summary_metadata
        from tensorboard.util.tensor_util import make_tensor_proto

        png = io.BytesIO()
        Image.fromarray(quantize(pixels)).save(png, "png")
        height, width = pixels.shape[:2]
        content = [str(width).encode(), str(height).encode(), png.getvalue()]
        picture = Summary.Value(
            tag="preview",
            metadata=create_summary_metadata(display_name="", description=""),
            tensor=make_tensor_proto(content),
        )
        self._write(step=step, summary={"value": [picture]})

    def _write(self, **fields: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        # Opened for each record: it is seen at once, and a run that is stopped leaves none open.
        with open(self.path, "ab") as file:
            RecordWriter(file).write(Event(wall_time=time.time(), **fields).SerializeToString())
