"""What the flags of evaluate.py ask for: the network as it is to paint, and the pictures."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import psutil
from absl import flags

from models.transform_config import TransformConfig
from restyle.errors import UserError
from restyle.fast.evaluate_flags import ALIASES
from restyle.fast.network_file import load_network, network_path, read_network_shape
from restyle.fast.stylizer import Look, Stylizer
from restyle.flag_settings import settings
from restyle.media.folders import Job, jobs, shard, unfinished
from restyle.media.images import fit_long_side
from restyle.media.video_reader import VideoReader
from restyle.objective_flags import numbers
from restyle.recipe import file_sha256

FLAGS = flags.FLAGS
NOT_SETTINGS = (
    *("input", "output", "sheet", "show_recipe", "list", "skip_existing", "json", "ray", "shard"),
    *("format", "export", "score", "scores", "compare", "content", "style", "style_size"),
    *("vgg_weights", "allow_different_dimensions", "memory_gb", *ALIASES),
)


def evaluate_settings() -> dict[str, Any]:
    """All flags that shape a painted picture."""
    objective = ("preset", "content_weight", "style_weight", "tv_weight", "content_layers")
    objective += ("style_layers", "content_layer_weights", "style_layer_weights")
    chosen = settings(NOT_SETTINGS)
    return {name: value for name, value in chosen.items() if name not in objective}


def look() -> Look:
    """How the flags ask the network to paint."""
    try:
        return Look(
            style_blend_weights=numbers("style_blend_weights"),
            strength=FLAGS.strength,
            preserve_color=FLAGS.preserve_color,
            mask=FLAGS.mask,
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def shape_of(model: str) -> TransformConfig:
    """The shape of a network, from its file alone."""
    return TransformConfig(**read_network_shape(model))


def memory() -> int:
    """Bytes that one picture may take: as asked, or half of what is free."""
    return int(FLAGS.memory_gb * 1e9) or psutil.virtual_memory().available // 2


def stylizer(model: str) -> Stylizer:
    """The network of a name or path, on the engine that the flags ask for."""
    from restyle.fast.bands import bytes_needed_whole, stylize_in_bands
    from restyle.fast.engines import engine_named

    shape, budget = shape_of(model), memory()
    look().check(shape)

    def in_bands(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        return stylize_in_bands(load_network(model), inputs, memory=budget)

    def fits(size: tuple[int, int]) -> bool:
        return bytes_needed_whole(shape, size) <= budget

    engine = engine_named(
        FLAGS.engine, network_path(model), precision=FLAGS.precision, device=FLAGS.device
    )
    return Stylizer(engine, shape, look(), in_bands=in_bands, fits=fits)


def picture_jobs(source: str, target: str) -> list[Job]:
    """The pictures of a file, folder or pattern and where their results go."""
    found = jobs(source, target, suffix=FLAGS.format)
    if FLAGS.shard:
        found = list(shard(found, FLAGS.shard))
    return unfinished(found) if FLAGS.skip_existing else found


def video_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) of the result of a video of this size."""
    smaller = FLAGS.max_size and max(size) > FLAGS.max_size
    return fit_long_side(size, FLAGS.max_size) if smaller else size


def video_settings() -> dict[str, Any]:
    """All that a frame depends on but the video itself."""
    files = [network_path(FLAGS.model), *filter(None, [FLAGS.mask])]
    return evaluate_settings() | {"sha256": [file_sha256(str(path)) for path in files]}


def share_of_video(reader: VideoReader, time: Fraction) -> float:
    """How much of what is read of a video lies before a time, 0 if its end is not known."""
    end = reader.end or (reader.info.seconds and reader.info.seconds - float(reader.shift))
    return min(1.0, float(time) / float(end)) if end else 0.0
