"""What a picture takes at once, and how it is cut if that is too much: see restyle/paint/bands.py.

Apart from the cutting itself, so that it can be asked without starting Keras.
"""

import dataclasses
import shutil
import tempfile

from restyle.errors import UserError
from restyle.models.transform_config import TransformConfig

# Measured as growth of the peak of a process that has run the network on a small picture before,
# in float32 on a CPU, one to sixteen megapixels. Whole, in a tf.function: 214 bytes for each pixel
# at width 8, 405 to 418 at 16, 803 to 882 at 32; a tenth to a fifth more here. Bands: 42 to 48
# bytes for each channel of the width, column and row of a band with its overlap.
WHOLE_BYTES = 30
BAND_BYTES = 48
BYTES_AT_START = 50_000_000
RESULT_BYTES = 12  # Three float32 numbers.

# A band computes again 8 rows for the last convolution: of 64, an eighth of one layer's work.
FEWEST_ROWS, MOST_ROWS, OVERLAP = 4, 64, 8


def bytes_needed_whole(config: TransformConfig, size: tuple[int, int]) -> int:
    """An estimate of what a (height, width) takes at once: above the process with its network.

    For a compiled call, tf.function(network) or predict. `network(inputs)` keeps every layer until
    the end and takes more than four times as much.
    """
    return BYTES_AT_START + size[0] * size[1] * (2 * RESULT_BYTES + WHOLE_BYTES * config.width)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a picture is cut.

    Attributes:
      rows: of a band, at every resolution.
      on_disk: whether what is stored goes to temporary files.
    """

    rows: int
    on_disk: bool = False


def plan_bands(config: TransformConfig, size: tuple[int, int], memory: int) -> Plan:
    """The cut with which a (height, width) takes `memory` bytes, result included.

    Files are used if memory is too small for what is stored. A band has four rows at least, however
    small memory is. UserError if the files are larger than the disk.
    """
    pixels, width = size[0] * size[1], config.width
    # Three bytes for each channel and pixel: both first layers below full resolution, three of a
    # residual block, or the last block and the first enlarged layer. The result comes after.
    kept = pixels * max(3 * width, 2 * width + RESULT_BYTES)
    rows = _rows_that_fit(config, size, memory - kept)
    if rows >= FEWEST_ROWS:
        return Plan(rows)
    _check_disk(size, 3 * width * pixels)
    rows = _rows_that_fit(config, size, memory - pixels * RESULT_BYTES)
    return Plan(max(rows, FEWEST_ROWS), on_disk=True)


def _rows_that_fit(config: TransformConfig, size: tuple[int, int], memory: int) -> int:
    row = BAND_BYTES * config.width * size[1]
    return min((memory - BYTES_AT_START) // row - OVERLAP, MOST_ROWS)


def _check_disk(size: tuple[int, int], needed: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"A picture of {size[1]} x {size[0]} needs {needed / 1e9:.1f} GB for temporary files, "
            f"but only {free / 1e9:.1f} GB are free in '{folder}'. Set TMPDIR to another folder."
        )
