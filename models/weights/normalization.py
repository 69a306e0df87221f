"""Any copy of the Oxford VGG-19 becomes the normalized network of Gatys et al. (2016), section 2.

Gatys et al. scale the filters so that each one's mean activation over images and positions is one.
ReLU and pooling let a positive factor through, so that copies differ by one factor for each filter,
and the norms of the wanted filters are enough to find it.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from restyle.models.weights.sources import Filters, WeightsError

TABLE_FILE = Path(__file__).with_name("vgg19_normalized.npz")

# As a part of a layer's mean bias, and of a filter's norm. Copies of the real network in other
# scales agree to 1e-6 after float32 rounding. Random filters are off by 50, filters trained further
# by as much as the training changed them.
TOLERANCE = 1e-3


def normalization_table(filters: Filters) -> dict[str, np.ndarray]:
    """What `rescale_to_normalized` needs to know of a network: three numbers for each filter.

    For each layer, all (out,): norm, the L2 norm of each filter (float64, so that a network meets
    its own table bit for bit); bias; probe, each filter times one fixed pattern of norm one. A
    filter that is mirrored or takes RGB for BGR keeps its norm and bias, but not its probe.

    models/weights/vgg19_normalized.npz is `np.savez_compressed` of the table of
    `weight_sources.fetch_from_package_index()`.
    """
    table = {}
    for name, (kernel, bias) in filters.items():
        table[f"{name}/norm"] = _norms(kernel)
        table[f"{name}/bias"] = bias
        table[f"{name}/probe"] = _probes(kernel).astype(np.float32)
    return table


# Filters that are infinite or not numbers are refused, and need no warning before that.
@np.errstate(over="ignore", invalid="ignore")
def rescale_to_normalized(
    filters: Filters, table: Mapping[str, np.ndarray] | None = None
) -> Filters:
    """The normalized network, from filters of the same network scaled in whatever way.

    With s_l the scales of the filters of layer l, and s_0 = 1:

      kernel'_l = kernel_l s_l / s_(l-1), along its outputs and its inputs; bias'_l = bias_l s_l

    where s_l gives each filter of kernel'_l the norm in the table. Biases and probes must then be
    those in the table, which those of another network are not.

    Args:
      table: `normalization_table` of the wanted network, that of Gatys et al. if None.

    Raises:
      WeightsError: a layer has another shape, or is of another network.
    """
    if table is None:
        with np.load(TABLE_FILE) as arrays:
            table = dict(arrays)
    rescaled, previous = {}, np.ones(3)
    for name, (kernel, bias) in filters.items():
        norm, expected_bias = table[f"{name}/norm"], table[f"{name}/bias"]
        _check_shapes(name, kernel.shape, bias.shape, (3, 3, previous.size, norm.size))
        kernel = kernel.astype(np.float64) / previous[:, np.newaxis]
        scale = _scale_to(norm, _norms(kernel))
        kernel, bias = kernel * scale, bias * scale
        _check_close(f"biases of {name}", bias, expected_bias, np.mean(np.abs(expected_bias)))
        _check_close(f"filters of {name}", _probes(kernel), table[f"{name}/probe"], norm)
        rescaled[name] = kernel.astype(np.float32), bias.astype(np.float32)
        previous = scale
    return rescaled


def _norms(kernel: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(np.square(kernel, dtype=np.float64), axis=(0, 1, 2)))


def _probes(kernel: np.ndarray) -> np.ndarray:
    pattern = np.cos(np.arange(kernel[..., 0].size))
    return pattern / np.linalg.norm(pattern) @ kernel.reshape(pattern.size, -1)


def _scale_to(wanted: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Factors from `norms` to those wanted; one where a filter is zero, which no factor changes."""
    alive = (norms > 0) & (wanted > 0)
    return np.divide(wanted, norms, out=np.ones_like(wanted), where=alive)


def _check_shapes(name: str, kernel: tuple, bias: tuple, expected: tuple) -> None:
    if kernel != expected or bias != expected[-1:]:
        raise WeightsError(
            f"not the Oxford VGG-19: {name} has a kernel of {kernel} and a bias of {bias}, "
            f"expected {expected} and {expected[-1:]}"
        )


def _check_close(
    what: str, got: np.ndarray, expected: np.ndarray, size: np.ndarray | np.floating
) -> None:
    error, allowed = np.abs(got - expected), TOLERANCE * np.broadcast_to(size, got.shape)
    if not np.all(error <= allowed):  # Not `any(error > allowed)`, which lets nan pass.
        worst = np.argmax(error - allowed)
        raise WeightsError(
            f"not the Oxford VGG-19: scaled to its norms, the {what} are off by "
            f"{error[worst]:.2g}, expected at most {allowed[worst]:.2g}"
        )
