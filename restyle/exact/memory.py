"""Whether a picture fits in memory: asked before the run, not answered by the system's killer."""

import psutil

from restyle.errors import UserError
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import fit_long_side

# Measured by benchmarks/value_and_gradient.py: peak of a run over its pixels, with conv5_1 the
# deepest layer, and 13% to 15% more. What L-BFGS keeps is counted apart.
BYTES_PER_PIXEL = {"float32": 2200, "bfloat16": 1650}
BYTES_AT_START = 900_000_000


def bytes_needed(size: tuple[int, int], precision: str, config: OptimizeConfig) -> int:
    """An estimate of a run's peak memory: the activations, and the pairs that L-BFGS keeps."""
    pairs = 2 * config.history * 3 * 4 if config.optimizer == "lbfgs" else 0
    return BYTES_AT_START + size[0] * size[1] * (BYTES_PER_PIXEL[precision] + pairs)


def check_memory(
    size: tuple[int, int],
    precision: str,
    config: OptimizeConfig,
    *,
    available: int | None = None,
) -> None:
    """Raises UserError with the size that would fit if `available` bytes are too few for this one.

    available: what the system says is free, if it is not given.
    """
    available = psutil.virtual_memory().available if available is None else available
    needed = bytes_needed(size, precision, config)
    if needed <= available:
        return
    raise UserError(
        f"A picture of {size[1]} x {size[0]} needs about {needed / 1e9:.1f} GB and "
        f"{available / 1e9:.1f} GB are free. {_remedy(size, precision, config, available)}."
    )


def _remedy(size: tuple[int, int], precision: str, config: OptimizeConfig, available: int) -> str:
    remedy = "Free some memory"
    for side in range(max(size), 0, -1):
        if bytes_needed(fit_long_side(size, side), precision, config) <= available:
            remedy = f"Pass --size={side} or less"
            break
    adam = ", or --optimizer=adam, which keeps less" if config.optimizer != "adam" else ""
    return remedy + adam
