"""A run or a training as TensorBoard shows it while it goes on: curves and pictures."""

import importlib.util
from collections.abc import Mapping

import numpy as np

from restyle.errors import UserError

MILLISECONDS_UNTIL_SEEN = 10_000


def check_tensorboard(folder: str | None) -> None:
    """Raises UserError if a log is wanted and TensorBoard is not installed."""
    if folder and importlib.util.find_spec("tensorboard") is None:
        raise UserError(
            "--tensorboard needs a package that is not installed. Run: pip install tensorboard"
        )


class TensorBoardLog:
    """Event files in a folder; a resumed run adds to them."""

    def __init__(self, folder: str):
        import tensorflow as tf  # Not above: flags are checked before it is started.

        self.summary = tf.summary
        try:
            self.writer = tf.summary.create_file_writer(
                folder, flush_millis=MILLISECONDS_UNTIL_SEEN
            )
        except tf.errors.OpError as error:
            raise UserError(
                f"'{folder}' cannot be written: {error.message}. Choose another --tensorboard."
            ) from error

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to the curve of each name."""
        with self.writer.as_default(step):
            for name, value in values.items():
                self.summary.scalar(name, value)

    def preview(self, step: int, pixels: np.ndarray) -> None:
        """Adds a picture, (h, w, 3) in [0, 1]; all until here is then on disk."""
        with self.writer.as_default(step):
            self.summary.image("preview", pixels[np.newaxis])
        self.writer.flush()
