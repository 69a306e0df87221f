"""What evaluate.py is to paint, by which network and how: read and checked before it begins."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from restyle.api import load
from restyle.media.animations import is_animated
from restyle.media.standard_streams import STREAM
from restyle.media.video.files import is_video
from restyle.media.video.joining import is_video_name
from restyle.paint.painter import EngineConfig, Painter
from restyle.paint.pictures import PaintConfig
from restyle.paint.stylizer import Look
from restyle.paint.videos import VideoConfig
from restyle.programs.evaluate_settings import Results, Sources
from restyle.programs.flags import WrongFlags
from restyle.programs.settings import as_settings, built, settings_text

CAMERA = "camera"


@dataclasses.dataclass(frozen=True)
class Task:
    """What is to be painted, by which network and how.

    Attributes:
      model: the network as it was named; `painter` is what it is.
      source: a file, a folder, a pattern, a camera, or "-" for a stream.
      target: a file, a folder, or "-"; "" only for a camera, which is then shown in a window.
    """

    model: str
    painter: Painter
    source: str
    target: str
    look: Look
    config: PaintConfig
    video: VideoConfig
    results: Results

    @functools.cached_property
    def kind(self) -> str:
        """What --input is painted as: an animated picture is a video if --output names one."""
        if is_camera(self.source):
            return "camera"
        if not is_video(self.source):
            return "pictures"
        return "video" if is_video_name(self.target) or not is_animated(self.source) else "pictures"

    def settings(self) -> dict[str, Any]:
        """All that shapes the result, by name, but what is painted."""
        shaping = as_settings(self.look, self.config, self.painter.config)
        del shaping["memory_gb"]
        video = {} if self.kind == "pictures" else as_settings(self.video)
        return {"model": self.model, **shaping, **video}

    def plan(self, *lines: str) -> str:
        """The settings, and what else there is to say, a line each."""
        return "\n".join([settings_text(self.settings()), *lines])


def read_task(settings: Mapping[str, Any]) -> Task:
    """Checks all that the settings name, before anything slow is done."""
    sources, results = built(Sources, settings), built(Results, settings)
    model, source, target = ("", *sources.model)[-1], sources.input or "", results.output or ""
    _check_given(model, source, target)
    if results.json and target == STREAM:
        raise WrongFlags(
            "Standard output cannot take both the picture and --json. Drop one of them."
        )
    if results.ray and STREAM in (source, target):
        raise WrongFlags("--ray paints the pictures of a folder, not a stream. Give a folder.")
    look, config = built(Look, settings), built(PaintConfig, settings)
    video, engine = built(VideoConfig, settings), built(EngineConfig, settings)
    painter = load(model, **dataclasses.asdict(engine))
    look.check(painter.shape)
    return Task(model, painter, source, target, look, config, video, results)


def is_camera(source: str) -> bool:
    """Whether --input asks for a camera."""
    return source == CAMERA or source.startswith(f"{CAMERA}:")


def _check_given(model: str, source: str, target: str) -> None:
    needed = {"model": model, "input": source}
    if not is_camera(source):
        needed["output"] = target
    for name, value in needed.items():
        if not value:
            raise WrongFlags(f"Pass --{name}. See --help.")
