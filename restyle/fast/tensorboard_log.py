"""A training as TensorBoard shows it: curves and pictures."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from restyle.errors import UserError


class TensorBoardLog:
    """Event files in a folder; a resumed run adds to them."""

    def __init__(self, folder: str):
        try:
            self.writer = tf.summary.create_file_writer(folder)
        except tf.errors.OpError as error:
            raise UserError(
                f"'{folder}' cannot be written: {error.message}. Choose another --tensorboard."
            ) from error

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to the curve of each name."""
        with self.writer.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def preview(self, step: int, pixels: np.ndarray) -> None:
        """Adds a picture, (h, w, 3) in [0, 1]; all until here is then on disk."""
        with self.writer.as_default(step):
            tf.summary.image("preview", pixels[np.newaxis])
        self.writer.flush()
