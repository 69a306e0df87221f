"""What the flags of evaluate.py ask for: the network as it is to paint, and the pictures."""

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from absl import flags

from restyle.errors import UserError, check_installed
from restyle.media.animations import is_animated
from restyle.media.folders import Job, jobs, shard, unfinished
from restyle.media.standard_streams import STREAM
from restyle.media.video.files import is_video
from restyle.media.video.joining import is_video_name
from restyle.media.video.reader import VideoReader
from restyle.media.video.writer import Encoding
from restyle.models.transform_config import TransformConfig
from restyle.networks import network_path, pretrained_names, read_network_shape
from restyle.paint.painter import Painter
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Look, Stylizer
from restyle.programs.evaluate_flags import ALIASES, LastOfSeveral
from restyle.programs.flag_settings import settings
from restyle.programs.objective_flags import numbers
from restyle.record.recipe import file_sha256, recipe_text

FLAGS = flags.FLAGS
CAMERA = "camera"
NOT_SETTINGS = (
    *("input", "output", "sheet", "show_recipe", "list", "skip_existing", "json", "ray", "shard"),
    *("format", "export", "export_page", "score", "scores", "compare", "content", "style"),
    *("style_size", "vgg_weights", "allow_different_dimensions", "memory_gb", *ALIASES),
)


def evaluate_settings() -> dict[str, Any]:
    """All flags that shape a painted picture."""
    objective = ("preset", "content_weight", "style_weight", "tv_weight", "content_layers")
    objective += ("style_layers", "content_layer_weights", "style_layer_weights")
    chosen = settings(NOT_SETTINGS)
    return {name: value for name, value in chosen.items() if name not in objective}


def page_models() -> dict[str, str]:
    """The networks of the page that the flags ask for, by the name that each is to have there."""
    check_installed("--export_page", "onnx", "onnxruntime", "tf2onnx")
    flag = FLAGS["model"]
    assert isinstance(flag, LastOfSeveral)
    given = flag.given or pretrained_names()
    models = {network_path(model).stem: model for model in given}
    if len(models) < len(given):
        raise UserError(f"Got two networks of one name: {', '.join(given)}. Rename one.")
    return models


def look() -> Look:
    """How the flags ask the network to paint."""
    try:
        return Look(
            style_blend_weights=numbers("style_blend_weights"),
            strength=FLAGS.strength,
            stroke=FLAGS.stroke,
            preserve_color=FLAGS.preserve_color,
            mask=FLAGS.mask,
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def shape_of(model: str) -> TransformConfig:
    """The shape of a network, from its file alone."""
    return TransformConfig(**read_network_shape(model))


def stylizer(model: str) -> Stylizer:
    """The network of a name or path, on the engine that the flags ask for."""
    return stylizer_maker(model)()


def stylizer_maker(model: str) -> Callable[[], Stylizer]:
    """What makes the network ready to paint as the flags ask: may be sent to another process."""
    look().check(shape_of(model))
    return functools.partial(
        ready_stylizer,
        str(network_path(model)),
        look(),
        memory_gb=FLAGS.memory_gb,
        engine=FLAGS.engine,
        precision=FLAGS.precision,
        device=FLAGS.device,
    )


def ready_stylizer(path: str, look: Look, *, memory_gb: float, engine: str, **how) -> Stylizer:
    """memory_gb: what one picture may take; 0: half of what is free on this machine."""
    return Painter(path, memory_gb=memory_gb, engine=engine, **how).stylizer(look)


def recipe_maker(model: str) -> Callable[[Job], str]:
    """What gives a picture its recipe: may be sent to another process."""
    paths = [str(network_path(model)), *filter(None, [FLAGS.mask])]
    made_with = {path: file_sha256(path) for path in paths}
    name = STREAM if FLAGS.input == STREAM else ""
    return functools.partial(_recipe, evaluate_settings(), made_with, name=name)


def _recipe(settings: dict[str, Any], made_with: dict[str, str], job: Job, *, name: str) -> str:
    source = {name or str(job.source): file_sha256(str(job.source))}
    return recipe_text("evaluate.py", settings, inputs=source | made_with, weights={}, terms={})


def picture_jobs(source: str, target: str) -> list[Job]:
    """The pictures of a file, folder or pattern and where their results go."""
    found = jobs(source, target, suffix=FLAGS.format)
    if FLAGS.shard:
        found = list(shard(found, FLAGS.shard))
    return unfinished(found) if FLAGS.skip_existing else found


def is_for_video() -> bool:
    """Whether --input is painted as a video: an animated picture is if --output names a video."""
    if not is_video(FLAGS.input):
        return False
    return is_video_name(FLAGS.output) or not is_animated(FLAGS.input)


def check_no_video_flags() -> None:
    """Raises UserError for what can be asked of a video only."""
    for name in ("start", "duration", "fps"):
        if getattr(FLAGS, name):
            raise UserError(
                f"Got --{name}, but of '{FLAGS.input}', which is no video or not to become one, "
                f"all is painted. Drop --{name}."
            )


def is_camera(source: str) -> bool:
    """Whether --input asks for a camera."""
    return source == CAMERA or source.startswith(f"{CAMERA}:")


def camera_number(source: str) -> int:
    """Which camera "camera" or "camera:1" means."""
    number = source.removeprefix(CAMERA).removeprefix(":") or "0"
    if not number.isdecimal():
        raise UserError(f"Got --input {source}, expected a number, such as {CAMERA}:1.")
    return int(number)


def video_reader() -> VideoReader:
    """The frames of the video that the flags ask for."""
    try:
        return VideoReader(
            FLAGS.input,
            start=FLAGS.start,
            duration=FLAGS.duration or None,
            frames_per_second=FLAGS.fps or None,
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def smoother() -> Smoother | None:
    """What makes the frames steadier, if the flags ask for it."""
    try:
        return Smoother(FLAGS.smooth) if FLAGS.smooth else None
    except ValueError as error:
        raise UserError(f"Got --smooth {FLAGS.smooth:g}, expected 0 to below 1.") from error


def smoothing() -> float:
    """How much steadier the frames of an animation are to be; 0 changes nothing."""
    asked = smoother()
    return asked.amount if asked else 0.0


def encoding() -> Encoding:
    """How to compress the video."""
    return Encoding(FLAGS.codec, FLAGS.crf)


def video_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) of the result of a video of this size.

    See `restyle.paint.videos.video_size`.
    """
    from restyle.paint import videos

    return videos.video_size(size, FLAGS.max_size)


def video_settings() -> dict[str, Any]:
    """All that a frame depends on but the video itself."""
    files = [network_path(FLAGS.model), *filter(None, [FLAGS.mask])]
    return evaluate_settings() | {"sha256": [file_sha256(str(path)) for path in files]}


def share_of_video(reader: VideoReader, time: Fraction) -> float:
    """How much of what is read of a video lies before a time, 0 if its end is not known."""
    end = reader.end or (reader.info.seconds and reader.info.seconds - float(reader.shift))
    return min(1.0, float(time) / float(end)) if end else 0.0
