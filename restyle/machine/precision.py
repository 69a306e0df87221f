"""Which number format the network's activations take on this machine."""

import functools
import time

from keras import ops

SIDE, CHANNELS = 64, 128
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def decided_precision(precision: str) -> str:
    """`precision`, or the faster one here if it is "auto"."""
    return fastest_precision() if precision == "auto" else precision


def fastest_precision() -> str:
    """ "bfloat16" where a convolution in it is clearly faster here, else "float32".

    Measured, since a processor may accept bfloat16 and emulate it. Takes about 0.1 s.
    """
    seconds = {name: _convolution_seconds(name) for name in ("float32", "bfloat16")}
    return "bfloat16" if seconds["bfloat16"] < 0.8 * seconds["float32"] else "float32"


def operations_per_second(precision: str) -> float:
    """How many multiplications and additions of a convolution this machine does in a second."""
    return 2 * SIDE**2 * 9 * CHANNELS**2 / _convolution_seconds(precision)


@functools.cache
def _convolution_seconds(dtype: str) -> float:
    """The shortest of three runs of a convolution like those of conv3; measured but once."""
    images = ops.ones((1, SIDE, SIDE, CHANNELS), dtype)
    kernel = ops.ones((3, 3, CHANNELS, CHANNELS), dtype)
    durations = []
    for _ in range(4):
        start = time.perf_counter()
        ops.convert_to_numpy(ops.conv(images, kernel, padding="same"))
        durations.append(time.perf_counter() - start)
    return min(durations[1:])
