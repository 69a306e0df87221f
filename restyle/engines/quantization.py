"""Convolutions in 8-bit integers, by NNCF's quantization after training."""

import contextlib
import importlib.resources
import io
import logging
from typing import Any

import numpy as np

from restyle.media.images import fit_long_side, read_image, resize
from restyle.models.transform_config import TransformConfig

SAMPLES = importlib.resources.files("restyle.samples")
LONG_SIDES = (160, 256, 384)


def quantized(model: Any, shape: TransformConfig) -> Any:
    """An OpenVINO model with 8-bit convolutions, ranges taken from the sample pictures."""
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    given = _calibration_inputs(shape)
    with contextlib.redirect_stdout(io.StringIO()):  # A progress bar: the output may be a picture.
        return nncf.quantize(
            model,
            nncf.Dataset(given),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(given),
        )


def _calibration_inputs(shape: TransformConfig) -> list[dict[str, np.ndarray]]:
    """Every sample at every size in every style."""
    pictures = [read_image(path).pixels for path in _samples()]
    return [
        shape.inputs(resize(picture, fit_long_side(picture.shape[:2], long_side))[None], style)
        for picture in pictures
        for long_side in LONG_SIDES
        for style in np.eye(len(shape.styles)).tolist()
    ]


def _samples() -> list[str]:
    return sorted(str(path) for path in SAMPLES.iterdir() if path.name.endswith(".jpg"))
